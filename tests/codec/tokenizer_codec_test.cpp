#include "nnactor/codec/tokenizer_codec.hpp"

#include "nnactor/codec/message.hpp"
#include "support/mutate.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;
using namespace nnactor::test;

namespace {

tokenizer_description byte_pairs() {
  tokenizer_description out;
  out.pre = "gpt-2";
  out.pieces = {"a", "b", "ab", "\xff", "<|end|>", "", "a b", " b"};
  out.types.assign(out.pieces.size(), piece_type::normal);
  out.types[4] = piece_type::control;
  out.merges = {{"a", "b"}, {"a", " b"}};
  out.bos = 4;
  out.eos = 4;
  out.ends = {4, 2};
  out.add_bos = out.add_eos = out.ignore_merges = true;
  return out;
}

tokenizer_description by_score() {
  tokenizer_description out;
  out.kind = tokenizer_kind::by_score;
  out.pieces = {"<unk>", "<0x0A>", "a"};
  out.types = {piece_type::unknown, piece_type::byte, piece_type::normal};
  out.scores = {0, 0, -1.5f};
  out.unk = 0;
  out.pad = 0;
  out.add_space_prefix = true;
  return out;
}

tokenizer_description sentencepiece() {
  tokenizer_description out;
  out.kind = tokenizer_kind::sentencepiece;
  out.pieces = {"<unk>", "a"};
  out.types = {piece_type::unknown, piece_type::normal};
  out.model = std::string{"\x0a\0\xff", 3};
  return out;
}

std::vector<std::byte> packed(const tokenizer_description& x) {
  capnp::MallocMessageBuilder message;
  write(message.initRoot<schema::Tokenizer>(), x);
  return to_bytes(message);
}

result<tokenizer_description> unpacked(std::span<const std::byte> bytes) {
  std::optional<result<tokenizer_description>> out;
  auto err =
      with_message(bytes, ec::invalid_data,
                   [&](capnp::MessageReader& message) -> caf::error {
                     out.emplace(read(message.getRoot<schema::Tokenizer>()));
                     return {};
                   });
  if (err)
    return err;
  return std::move(*out);
}

/// What is said of a message after a change.
template <class Change>
std::string complaint(Change change) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<schema::Tokenizer>();
  write(root, byte_pairs());
  change(root);
  auto out = unpacked(to_bytes(message));
  return out ? "nothing" : explain(out.error());
}

} // namespace

TEST_CASE("a tokenizer comes back from its message") {
  for (const auto& what : {byte_pairs(), by_score(), sentencepiece()}) {
    REQUIRE(check(what) == caf::none);
    auto again = unpacked(packed(what));
    REQUIRE(again);
    CHECK(*again == what);
  }
}

TEST_CASE("a message that says what no tokenizer has is refused") {
  using builder = schema::Tokenizer::Builder;
  CHECK(complaint([](builder x) { x.setKind(3); })
        == "tokenizer: 3 is no kind of tokenizer");
  CHECK(complaint([](builder x) { x.setKind(255); })
        == "tokenizer: 255 is no kind of tokenizer");
  CHECK(complaint([](builder x) { x.initMerges(1); })
        == "tokenizer: half a merge");
  CHECK(complaint([](builder x) { x.getMerges().set(1, 8); })
        == "tokenizer: a merge of 8, but there are 8 pieces");
  CHECK(complaint([](builder x) { x.getTypes()[0] = 9; })
        == "tokenizer: piece 0 is of type 9, which is none");
  CHECK(complaint([](builder x) { x.setBos(-2); })
        == "tokenizer: bos is -2, but there are 8 pieces");
  CHECK(complaint([](builder x) { x.getEnds().set(0, -1); })
        == "tokenizer: an id that ends answers is -1, but there are 8 pieces");
  CHECK(complaint([](builder x) {
          x.initPieces(0);
          x.initMerges(0);
        })
        == "tokenizer: 0 pieces are not within 1 and 4194304");
  // Each merge is of the one piece, twice.
  CHECK(complaint([](builder x) {
          x.initPieces(1).init(0, 1 << 20);
          x.initMerges(80);
        })
        == "tokenizer: merges are of more than 67108864 bytes");
}

TEST_CASE("a damaged message of a tokenizer is an error or a sound one") {
  CHECK(rc::check([] {
    auto bytes =
        packed(*rc::gen::element(0, 1) == 0 ? byte_pairs() : by_score());
    auto what = unpacked(damaged(bytes));
    if (!what)
      return;
    RC_ASSERT(!check(*what));
    auto again = unpacked(packed(*what));
    RC_ASSERT(again);
    RC_ASSERT(*again == *what);
  }));
}
