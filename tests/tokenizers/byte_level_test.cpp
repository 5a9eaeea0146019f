#include "nnactor/tokenizers/decoder.hpp"
#include "nnactor/tokenizers/pre_tokenizer.hpp"
#include "tokenizers/vocabularies.hpp"

#include <map>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// Byte pairs as they are explained (arXiv 1508.07909, "Learn BPE operations"):
/// as long as a merge applies, the first of all is applied at its leftmost
/// place.
strings merged_plainly(const tokenizer_description& what,
                       std::string_view word) {
  strings parts;
  for (auto byte : word)
    parts.push_back(to_alphabet({&byte, 1}));
  for (;;) {
    auto place = parts.size();
    for (const auto& [first, second] : what.merges) {
      for (size_t i = 0; i + 1 < parts.size() && place == parts.size(); ++i)
        if (parts[i] == first && parts[i + 1] == second)
          place = i;
      if (place < parts.size())
        break;
    }
    if (place == parts.size())
      return parts;
    parts[place] += parts[place + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(place) + 1);
  }
}

/// Merges of what was merged before, of few letters so that many apply.
tokenizer_description random_vocabulary() {
  auto out = byte_level({});
  strings known = {"a", "b", " ", "\xc3", "\xa9"};
  auto count = *rc::gen::inRange(0, 30);
  for (int i = 0; i < count; ++i) {
    auto first = *rc::gen::elementOf(known);
    auto second = *rc::gen::elementOf(known);
    known.push_back(first + second);
    add_merge(out, first, second);
  }
  return out;
}

} // namespace

TEST_CASE("pairs are merged in the order of the merges, from the left") {
  auto by = made(byte_level({{"b", "c"}, {"a", "b"}, {"a", "bc"}, {"b", "b"}}));
  CHECK(pieces(by, "abc") == strings{"abc"});
  CHECK(pieces(by, "ab") == strings{"ab"});
  CHECK(pieces(by, "bbb") == strings{"bb", "b"});
  CHECK(pieces(by, "abb") == strings{"ab", "b"});
  CHECK(pieces(by, "") == strings{});
  CHECK(encoded(by, "abc") == ids{259});
}

TEST_CASE("no merge goes over the end of a word") {
  auto by = made(byte_level({{" ", "a"}, {"a", " "}, {"a", "a"}}));
  CHECK(pieces(by, "a aa  a") == strings{"a", " a", "a", " ", " a"});
}

TEST_CASE("encoding merges as the plain method does") {
  CHECK(rc::check([] {
    auto what = random_vocabulary();
    auto by = made(what);
    auto text = *rc::gen::container<std::string>(
        rc::gen::element('a', 'a', 'b', ' ', '\xc3', '\xa9'));
    auto cut = *pre_tokenizer::make(what.pre);
    strings expected;
    // The words between bytes that are not UTF-8, which are words themselves.
    auto whole = "\xc3\xa9";
    std::string stretch;
    auto finish = [&](bool is_text) {
      std::vector<std::string_view> words;
      if (is_text)
        RC_ASSERT(!cut.cut(stretch, words));
      else
        words = {stretch};
      for (auto word : words)
        if (!word.empty())
          for (auto& part : merged_plainly(what, word))
            expected.push_back(part);
      stretch.clear();
    };
    auto was_text = true;
    for (size_t i = 0; i < text.size();) {
      auto length = text.compare(i, 2, whole) == 0 ? 2u : 1u;
      auto is_text = length == 2 || (text[i] != '\xc3' && text[i] != '\xa9');
      if (is_text != was_text)
        finish(was_text);
      was_text = is_text;
      stretch += text.substr(i, length);
      i += length;
    }
    finish(was_text);
    strings got;
    for (auto id : encoded(by, text))
      got.push_back(by.piece(id));
    RC_ASSERT(got == expected);
  }));
}

TEST_CASE("whatever is encoded comes back, also what is not UTF-8") {
  CHECK(rc::check([] {
    auto what = random_vocabulary();
    what.pre = *rc::gen::element<std::string>("gpt-2", "smollm", "llama-bpe");
    auto by = made(what);
    auto text = *any_text();
    std::string bytes;
    for (auto id : encoded(by, text))
      bytes += by.bytes(id);
    RC_ASSERT(bytes == text);
  }));
}

TEST_CASE("bytes that are not UTF-8 are a word of their own") {
  auto by = made(byte_level({{"a", "b"}, {"b", "\xff"}, {"\xff", "\xfe"}}));
  CHECK(pieces(by, "ab\xff\xfe"
                   "ab")
        == strings{"ab", "\xff\xfe", "ab"});
  CHECK(decode(by, encoded(by, "ab\xff\xfe")) == "ab\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("control pieces in what users write stay text") {
  auto what = byte_level({{"<", "|"}, {"|", ">"}});
  add(what, "<tool>", piece_type::user_defined);
  auto by = made(what);
  CHECK(pieces(by, "a<|end|>") == strings{"a", "<|", "e", "n", "d", "|>"});
  CHECK(pieces(by, "a<|end|>b", {.special = true})
        == strings{"a", "<|end|>", "b"});
  CHECK(encoded(by, "<|end|><|end|>", {.special = true}) == ids{0, 0});
  CHECK(pieces(by, "<<tool>>") == strings{"<", "<tool>", ">"});
}

TEST_CASE("of special pieces that begin at one place the longest is taken") {
  auto what = byte_level({});
  auto shorter = add(what, "<|en", piece_type::control);
  auto defined = add(what, "<|", piece_type::user_defined);
  auto by = made(what);
  CHECK(encoded(by, "<|end|><|en<|", {.special = true})
        == ids{0, shorter, defined});
  CHECK(pieces(by, "<|end") == strings{"<|", "e", "n", "d"});
}

TEST_CASE("texts begin and end as the model wants") {
  auto what = byte_level({});
  what.bos = add(what, "<s>", piece_type::control);
  what.add_bos = what.add_eos = true;
  auto by = made(what);
  auto bos = *what.bos;
  CHECK(encoded(by, "a") == ids{bos, 1 + 'a'});
  CHECK(encoded(by, "") == ids{bos});
  CHECK(encoded(by, "a", {.add_bos = false}) == ids{1 + 'a'});
  CHECK(encoded(by, "a", {.add_eos = true}) == ids{bos, 1 + 'a', 0});
  // A template has written it already.
  CHECK(encoded(by, "<s>a", {.special = true}) == ids{bos, 1 + 'a'});
  CHECK(encoded(by, "<s>", {}).front() == bos);
  CHECK(encoded(by, "<s>", {}).size() == 4);
}

TEST_CASE("a word that is a piece is not merged where the model says so") {
  auto what = byte_level({{"b", "c"}}, "llama-bpe");
  auto whole = add(what, "abc");
  CHECK(pieces(made(what), "abc") == strings{"a", "bc"});
  what.ignore_merges = true;
  CHECK(encoded(made(what), "abc abc")
        == ids{whole, 1 + ' ', 1 + 'a', 258 - 1});
}

TEST_CASE("a byte that has no piece is an error") {
  auto what = byte_level({});
  what.pieces[1 + 'x'] = "xx";
  auto by = made(what);
  auto out = by.encode("axa");
  REQUIRE(!out);
  CHECK(code_of(out.error()) == ec::invalid_argument);
  CHECK(explain(out.error())
        == "the vocabulary of the model has no piece for the byte 0x78");
}

TEST_CASE("texts are composed where the rule says so") {
  auto plain = made(byte_level({{"\xc3", "\xa9"}}, "stablelm2"));
  auto composing = made(byte_level({{"\xc3", "\xa9"}}, "qwen2"));
  CHECK(pieces(plain, "e\xcc\x81").size() == 3);
  CHECK(pieces(composing, "e\xcc\x81") == strings{"\xc3\xa9"});
  CHECK(pieces(composing, "\xff"
                          "e\xcc\x81\xff")
        == strings{"\xff", "\xc3\xa9", "\xff"});
}

TEST_CASE("a megabyte of one word takes no longer than one of many") {
  // What grows with the square of the length would take days.
  auto by = made(byte_level({{"a", "a"}, {"aa", "aa"}, {" ", " "}}, "qwen2"));
  for (const auto* unit : {"a", " ", "\n", "1", "'", "\xcc\x81", "\xff",
                           "\xcc\x96\xcc\x81", "<"}) {
    std::string text;
    while (text.size() < (size_t{1} << 20))
      text += unit;
    auto out = by.encode(text, {.special = true});
    CHECK_MESSAGE(out, unit);
  }
  CHECK(encoded(by, std::string(1 << 20, 'a')).size() == (1 << 20) / 4);
}

TEST_CASE("ids that there are not have no text") {
  auto by = made(byte_level({}));
  for (auto id : {-1, 257, INT32_MAX, INT32_MIN}) {
    CHECK(!by.contains(id));
    CHECK(by.piece(id).empty());
    CHECK(by.bytes(id).empty());
    CHECK(!by.is_control(id));
    CHECK(!by.ends(id));
  }
}
