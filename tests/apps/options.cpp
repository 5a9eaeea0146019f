#include "terminal/options.hpp"

#include "nnactor/json_text.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

/// What a check says of an argument, which it may rewrite.
std::string said(const CLI::Validator& check, std::string given,
                 const std::string& becomes = "") {
  auto what = check(given);
  if (what.empty())
    CHECK(given == becomes);
  return what;
}

} // namespace

TEST_CASE("a whole number is nothing but digits that fit") {
  auto check = whole_number(1, 1000);
  CHECK(said(check, "12", "12").empty());
  CHECK(said(check, "012", "12").empty());
  for (auto* wrong : {"", "0", "1001", "-5", "1.5", "1e2", "0x10", "12 ", "nan",
                      "99999999999999999999999"})
    CHECK(said(check, wrong)
          == fmt::format("'{}' is not a whole number from 1 to 1,000", wrong));
  CHECK(said(whole_number(0, UINT64_MAX), "18446744073709551615",
             "18446744073709551615")
            .empty());
}

TEST_CASE("a real number is finite") {
  auto check = real_number(0, 10);
  for (auto* good : {"0", "10", "0.7", "1e-3"})
    CHECK(said(check, good, good).empty());
  for (auto* wrong :
       {"", "nan", "-nan", "inf", "-inf", "1e999", "-1", "10.1", "1,5", "0.7x"})
    CHECK(said(check, wrong)
          == fmt::format("'{}' is not a number from 0 to 10", wrong));
}

TEST_CASE("a text is UTF-8") {
  CHECK(said(utf8_text(), "na\u00efve", "na\u00efve").empty());
  CHECK(said(utf8_text(), "ab\xff") == "byte 2 of 'ab\xff' is not UTF-8");
}

TEST_CASE("JSON can be printed whatever is in it") {
  nlohmann::json what{{"name", "a\xff\x1b\x7f\xc2\x9b\u00e9"}, {"x", NAN}};
  CHECK(json_text(what)
        == "{\"name\":\"a\ufffd\\u001b\\u007f\\u009b\u00e9\",\"x\":null}");
}
