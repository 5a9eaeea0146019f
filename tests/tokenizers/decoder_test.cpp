#include "nnactor/tokenizers/decoder.hpp"

#include "nnactor/utf8.hpp"
#include "tokenizers/vocabularies.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

const std::string lost = "\xef\xbf\xbd"; // U+FFFD

int32_t byte(int x) {
  return 1 + x;
}

tokenizer vocabulary() {
  return made(byte_level({{"\xf0", "\x9f"}, {"\x98", "\x80"}, {"a", "b"}}));
}

} // namespace

TEST_CASE("a character is given when it is whole") {
  decoder by{vocabulary()};
  CHECK(by.add(byte(0xc3)).empty());
  CHECK(by.add(byte(0xa9)) == "\xc3\xa9");
  CHECK(by.add(257).empty());
  CHECK(by.add(258) == "\xf0\x9f\x98\x80");
  CHECK(by.flush().empty());
}

TEST_CASE("bytes that can become no character are U+FFFD each") {
  decoder by{vocabulary()};
  CHECK(by.add(byte(0xff)) == lost);
  CHECK(by.add(byte(0xe4)).empty());
  CHECK(by.add(byte('a')) == lost + "a");
  CHECK(by.add(byte(0x80)) == lost);
  CHECK(by.add(byte(0xe4)).empty());
  CHECK(by.add(byte(0xbd)).empty());
  CHECK(by.flush() == lost + lost);
  CHECK(by.flush().empty());
  CHECK(by.add(byte('b')) == "b");
}

TEST_CASE("control pieces are shown where they are asked for") {
  auto from = vocabulary();
  CHECK(decode(from, ids{byte('a'), 0}) == "a");
  CHECK(decode(from, ids{byte('a'), 0}, {.special = true}) == "a<|end|>");
  // One in the middle of a character is shown behind what was lost.
  CHECK(decode(from, ids{byte(0xc3), 0}, {.special = true})
        == lost + "<|end|>");
  CHECK(decode(from, ids{-1, 100000, byte('a')}) == "a");
}

TEST_CASE("the space that is put before a text is taken off where it begins") {
  tokenizer_description what;
  what.kind = tokenizer_kind::by_score;
  auto bos = add(what, "<s>", piece_type::control);
  auto a = add(what, "\xe2\x96\x81"
                     "a");
  auto two = add(what, "\xe2\x96\x81\xe2\x96\x81");
  what.add_space_prefix = true;
  auto from = made(what);
  CHECK(decode(from, ids{bos, a, a}) == "a a");
  CHECK(decode(from, ids{two, a}) == "  a");
  CHECK(decode(from, ids{a, a}, {.begins = false}) == " a a");
  what.add_space_prefix = false;
  CHECK(decode(made(what), ids{a, a}) == " a a");
}

TEST_CASE("ids one by one give the same text as all at once, in whole "
          "characters") {
  CHECK(rc::check([] {
    auto from = vocabulary();
    auto id = rc::gen::oneOf(
        rc::gen::element<int32_t>(0, 257, 258, 259, byte(0xf0), byte(0x9f),
                                  byte(0x98), byte(0x80), byte(0xc3),
                                  byte(0xa9), byte(0xed), byte(0xa0)),
        rc::gen::inRange<int32_t>(-1, 270));
    auto all = *rc::gen::container<ids>(id);
    std::string bytes;
    for (auto x : all)
      if (!from.is_control(x))
        bytes += from.bytes(x);
    // All at once, by a decoder of UTF-8 alone.
    auto expected = take_characters(bytes);
    for (size_t i = 0; i < bytes.size(); ++i)
      expected += lost;
    decoder by{from};
    std::string got;
    auto take = [&](const std::string& text) {
      for_each_code_point(text, [](uint32_t point, size_t) {
        RC_ASSERT(point != no_code_point);
        return true;
      });
      got += text;
    };
    for (auto x : all)
      take(by.add(x));
    take(by.flush());
    RC_ASSERT(got == expected);
    RC_ASSERT(got == decode(from, all));
  }));
}

TEST_CASE("an answer comes back from its text, wherever it is cut") {
  CHECK(rc::check([] {
    auto from = vocabulary();
    auto bytes = *any_text();
    auto text = take_characters(bytes);
    auto all = encoded(from, text);
    auto middle = *rc::gen::inRange<size_t>(0, all.size() + 1);
    decoder by{from};
    std::string got;
    for (size_t i = 0; i < middle; ++i)
      got += by.add(all[i]);
    auto copy = by; // What is held back is all that it remembers.
    for (size_t i = middle; i < all.size(); ++i)
      got += copy.add(all[i]);
    RC_ASSERT(got + copy.flush() == text);
  }));
}
