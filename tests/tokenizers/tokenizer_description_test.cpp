#include "tokenizers/vocabularies.hpp"

#include <limits>

using namespace nnactor;
using namespace nnactor::test;

namespace {

tokenizer_description by_score() {
  tokenizer_description out;
  out.kind = tokenizer_kind::by_score;
  add(out, "<unk>", piece_type::unknown);
  add(out, "<0x0A>", piece_type::byte);
  add(out, "a", piece_type::normal, -1);
  return out;
}

/// What is wrong with a description after a change.
template <class Change>
std::string complaint(tokenizer_description what, Change change) {
  REQUIRE(check(what) == caf::none);
  change(what);
  auto err = check(what);
  CHECK((!err || code_of(err) == ec::invalid_data));
  CHECK((!err || !tokenizer::make(what)));
  return err ? explain(err) : "nothing";
}

template <class Change>
std::string complaint(Change change) {
  return complaint(byte_level({{"a", "b"}}), change);
}

using description = tokenizer_description;

} // namespace

TEST_CASE("a byte is written in one way only") {
  CHECK(byte_of("<0x00>") == 0);
  CHECK(byte_of("<0xFF>") == 255);
  for (const auto* piece : {"<0x-1>", "<0xff>", "<0x1>", "<0x100>", "<0X10>",
                            "0x10", "<0x10", "<0x+1>", "<0x 1>", ""})
    CHECK_MESSAGE(!byte_of(piece), piece);
}

TEST_CASE("pieces are counted, named and of a type") {
  CHECK(complaint([](description& x) { x.pieces.clear(); })
        == "tokenizer: 0 pieces are not within 1 and 4194304");
  CHECK(complaint([](description& x) { x.types.pop_back(); })
        == "tokenizer: 257 types for 258 pieces");
  CHECK(complaint([](description& x) { x.types[3] = piece_type{}; })
        == "tokenizer: piece 3 is of type 0, which is none");
  CHECK(complaint([](description& x) { x.types[3] = piece_type{200}; })
        == "tokenizer: piece 3 is of type 200, which is none");
  CHECK(complaint([](description& x) { add(x, "<|end|>"); })
        == "tokenizer: piece 258 is there twice: '<|end|>'");
  CHECK(complaint([](description& x) { add(x, std::string(4097, 'x')); })
        == "tokenizer: piece 258 has 4097 bytes, more than 4096");
  CHECK(complaint([](description& x) { add(x, "", piece_type::control); })
        == "tokenizer: piece 258 is empty and of type control");
  CHECK(complaint([](description& x) {
          add(x, std::string(513, 'x'), piece_type::user_defined);
        })
        == "tokenizer: piece 258 is user-defined and has 513 bytes, more than "
           "512");
  CHECK(complaint(by_score(),
                  [](description& x) { add(x, "<0x-1>", piece_type::byte); })
        == "tokenizer: piece 3 is said to be a byte, but '<0x-1>' is none such "
           "as <0x0A>");
}

TEST_CASE("scores are finite, one a piece, and only where they are needed") {
  CHECK(complaint([](description& x) { x.scores.resize(258); })
        == "tokenizer: 258 scores where there should be 0");
  CHECK(complaint(by_score(), [](description& x) { x.scores.pop_back(); })
        == "tokenizer: 2 scores where there should be 3");
  CHECK(complaint(by_score(),
                  [](description& x) {
                    x.scores[1] = std::numeric_limits<float>::quiet_NaN();
                  })
        == "tokenizer: the score of piece 1 is nan");
}

TEST_CASE("merges are of pieces and make pieces, but none that users must not "
          "write") {
  auto merge = [](const char* first, const char* second) {
    return complaint(
        [=](description& x) { x.merges.emplace_back(first, second); });
  };
  CHECK(merge("a", "b") == "nothing");
  CHECK(merge("a", "\xff")
        == "tokenizer: merge 1 is of '\xff', which is no "
           "piece");
  CHECK(merge("a", "c") == "tokenizer: merge 1 makes 'ac', which is no piece");
  CHECK(merge("", "a") == "tokenizer: merge 1 has an empty side");
  CHECK(complaint([](description& x) {
          add(x, "<|");
          add(x, "end|>");
          x.merges.emplace_back("<|", "end|>");
        })
        == "tokenizer: merge 1 makes '<|end|>', which is control and no part "
           "of a text");
  CHECK(complaint(by_score(),
                  [](description& x) { x.merges.emplace_back("a", "a"); })
        == "tokenizer: a vocabulary by score has no merges");
}

TEST_CASE("ids are within the pieces") {
  CHECK(complaint([](description& x) { x.bos = 258; })
        == "tokenizer: bos is 258, but there are 258 pieces");
  CHECK(complaint([](description& x) { x.pad = -1; })
        == "tokenizer: pad is -1, but there are 258 pieces");
  CHECK(complaint([](description& x) {
          x.ends = {0, 300};
        })
        == "tokenizer: an id that ends answers is 300, but there are 258 "
           "pieces");
  CHECK(complaint([](description& x) { x.add_bos = true; })
        == "tokenizer: texts are to begin with a bos that there is not");
  CHECK(complaint([](description& x) {
          x.eos.reset();
          x.add_eos = true;
        })
        == "tokenizer: texts are to end with an eos that there is not");
}

TEST_CASE("a rule that is not known is refused with those that are") {
  auto unknown = complaint([](description& x) { x.pre = "gpt-5"; });
  CHECK(unknown.starts_with("tokenizer: 'gpt-5' is no rule for cutting words "
                            "that is known; known are gpt-2, "));
  CHECK(unknown.find("qwen2") != std::string::npos);
  CHECK(complaint(by_score(), [](description& x) { x.pre = "gpt-2"; })
        == "tokenizer: a vocabulary by score cuts no words by a rule");
}

TEST_CASE("a file of SentencePiece belongs to its kind alone") {
  CHECK(complaint([](description& x) { x.model = "x"; })
        == "tokenizer: a file of SentencePiece belongs to that kind, and to no "
           "other");
  CHECK(complaint([](description& x) {
          x.kind = tokenizer_kind::sentencepiece;
          x.pre.clear();
        })
        == "tokenizer: a file of SentencePiece belongs to that kind, and to no "
           "other");
  CHECK(complaint([](description& x) { x.kind = tokenizer_kind::count_; })
        == "tokenizer: 3 is no kind of tokenizer");
}
