#include "nnactor/tokenizers/pre_tokenizer.hpp"

#include "nnactor/utf8.hpp"
#include "tokenizers/vocabularies.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

strings words(const std::string& rule, std::string_view text) {
  auto by = pre_tokenizer::make(rule);
  REQUIRE(by);
  std::vector<std::string_view> out;
  REQUIRE(!by->cut(text, out));
  return {out.begin(), out.end()};
}

} // namespace

TEST_CASE("spaces go with the word behind them, but for all but the last") {
  for (const auto* rule : {"gpt-2", "smollm", "llama-bpe", "qwen2"}) {
    CHECK(words(rule, "one two") == strings{"one", " two"});
    CHECK(words(rule, "one   two") == strings{"one", "  ", " two"});
    CHECK(words(rule, "one  ") == strings{"one", "  "});
    CHECK(words(rule, "   ") == strings{"   "});
    CHECK(words(rule, "") == strings{});
  }
}

TEST_CASE("line feeds are words, with what is before them or by themselves") {
  CHECK(words("gpt-2", "a\n\nb") == strings{"a", "\n", "\n", "b"});
  CHECK(words("gpt-2", "a \n b") == strings{"a", " \n", " b"});
  CHECK(words("llama-bpe", "a\n\nb") == strings{"a", "\n\n", "b"});
  CHECK(words("llama-bpe", "a \r\n b") == strings{"a", " \r\n", " b"});
  CHECK(words("llama-bpe", "a;\n\nb") == strings{"a", ";\n\n", "b"});
  CHECK(words("qwen2", "\t\n  x") == strings{"\t\n", " ", " x"});
}

TEST_CASE("digits are one word, words of three, or words of one") {
  CHECK(words("gpt-2", "in 12345") == strings{"in", " 12345"});
  CHECK(words("llama-bpe", "in 12345") == strings{"in", " ", "123", "45"});
  CHECK(words("qwen2", "in 123") == strings{"in", " ", "1", "2", "3"});
  CHECK(words("smollm", "in 12") == strings{"in", " ", "1", "2"});
  // The spaces in front of a digit end a text of their own there.
  CHECK(words("smollm", "a  1 b") == strings{"a", "  ", "1", " b"});
  // Numbers of other scripts, and fractions, are digits, too.
  CHECK(words("smollm", "\xe0\xa5\xa8\xc2\xbd")
        == strings{"\xe0\xa5\xa8", "\xc2\xbd"});
}

TEST_CASE("contractions are words, in upper case only where the rule says so") {
  CHECK(words("gpt-2", "I'll don't") == strings{"I", "'ll", " don", "'t"});
  CHECK(words("gpt-2", "I'LL") == strings{"I", "'", "LL"});
  CHECK(words("llama-bpe", "I'LL DON'T") == strings{"I", "'LL", " DON", "'T"});
  CHECK(words("qwen2", "it'S 'Tis") == strings{"it", "'S", " '", "Tis"});
}

TEST_CASE("a sign goes with the letters behind it where the rule says so") {
  CHECK(words("gpt-2", "(a+b)!!") == strings{"(", "a", "+", "b", ")!!"});
  CHECK(words("llama-bpe", "(a+b)!!") == strings{"(a", "+b", ")!!"});
  CHECK(words("llama-bpe", "#include <x.h>\n")
        == strings{"#include", " <", "x", ".h", ">\n"});
}

TEST_CASE("letters of all scripts are letters, marks and emoji are not") {
  // U+4F60 U+597D; e with a combining acute; a family of two joined by U+200D.
  CHECK(words("gpt-2", "\xe4\xbd\xa0\xe5\xa5\xbd, you")
        == strings{"\xe4\xbd\xa0\xe5\xa5\xbd", ",", " you"});
  CHECK(words("gpt-2", "e\xcc\x81t") == strings{"e", "\xcc\x81", "t"});
  CHECK(words("llama-bpe", "e\xcc\x81t") == strings{"e", "\xcc\x81t"});
  CHECK(words("gpt-2", "hi \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7!")
        == strings{"hi", " \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7!"});
}

TEST_CASE("white space is what Unicode says it is") {
  // No-break space, next line, ideographic space; not the Mongolian vowel
  // separator.
  for (const auto* space : {"\xc2\xa0", "\xc2\x85", "\xe3\x80\x80"})
    CHECK(words("gpt-2", fmt::format("a{}b", space))
          == strings{"a", space, "b"});
  CHECK(words("gpt-2", "a !\xe1\xa0\x8e") == strings{"a", " !\xe1\xa0\x8e"});
}

TEST_CASE("words are all of a text, in its order") {
  CHECK(rc::check([] {
    auto rule =
        *rc::gen::element<std::string>("gpt-2", "smollm", "llama-bpe", "qwen2");
    std::string all;
    auto bytes = *any_text();
    auto text = take_characters(bytes);
    for (const auto& word : words(rule, text)) {
      RC_ASSERT(!word.empty());
      all += word;
    }
    RC_ASSERT(all == text);
  }));
}

TEST_CASE("what is not UTF-8 is refused, not looked at") {
  auto by = pre_tokenizer::make("gpt-2");
  REQUIRE(by);
  std::vector<std::string_view> out;
  CHECK(code_of(by->cut("a \xff", out)) == ec::invalid_argument);
}

TEST_CASE("a rule is found by its patterns") {
  CHECK(find_pre_tokenizer({gpt2_pattern}, false) == "gpt-2");
  CHECK(find_pre_tokenizer({digit_pattern, gpt2_pattern}, false) == "smollm");
  CHECK(find_pre_tokenizer({digit_pattern, gpt2_pattern}, true) == "command-r");
  CHECK(!find_pre_tokenizer({gpt2_pattern}, true));
  CHECK(!find_pre_tokenizer({"."}, false));
  CHECK(!find_pre_tokenizer({}, false));
}
