#include "nnactor/error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("an error is its sentence") {
  CHECK(explain(fail(ec::timeout, "{} s are over", 5)) == "5 s are over");
  CHECK(explain(make_error(ec::refused)) == "refused");
  CHECK(explain(caf::error{}) == "no error");
  CHECK(explain(within("here", fail(ec::timeout, "late"))) == "here: late");
}

TEST_CASE("errors of CAF are put in words") {
  auto is_words = [](const std::string& text) {
    return !text.empty() && text.find_first_of("_:\"") == std::string::npos;
  };
  constexpr auto last = static_cast<int>(caf::sec::connection_timeout);
  for (int i = 1; i <= last; ++i) {
    auto code = static_cast<caf::sec>(i);
    INFO(caf::to_string(code));
    CHECK(is_words(explain(caf::make_error(code))));
    CHECK(is_words(
        explain(caf::make_error(code, "ip_connect failed", "10.0.0.5", 1))));
  }
  CHECK(is_words(explain(caf::exit_reason::remote_link_unreachable)));
  CHECK(explain(caf::sec::cannot_connect_to_node) == "nobody answers");
}
