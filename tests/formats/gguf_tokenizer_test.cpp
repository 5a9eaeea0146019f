#include "nnactor/formats/gguf_tokenizer.hpp"

#include "nnactor/tokenizers/tokenizer.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

using strings = std::vector<std::string>;

/// "<|endoftext|>", "<|im_end|>", then bytes and what is merged of them.
gguf_file gpt2_file(const std::string& pre = "gpt-2") {
  gguf_file out;
  out.path = "m.gguf";
  out.values = {
      {"tokenizer.ggml.model", std::string{"gpt2"}},
      {"tokenizer.ggml.pre", pre},
      {"tokenizer.ggml.tokens",
       strings{"<|endoftext|>", "<|im_end|>", "a", "b", "ab", "\xc4\xa0",
               "\xc4\xa0"
               "ab"}},
      {"tokenizer.ggml.token_type", std::vector<int32_t>{3, 3, 1, 1, 1, 1, 1}},
      {"tokenizer.ggml.merges", strings{"a b", "\xc4\xa0 ab"}},
      {"tokenizer.ggml.bos_token_id", uint64_t{0}},
      {"tokenizer.ggml.eos_token_id", uint64_t{0}}};
  return out;
}

gguf_file llama_file() {
  gguf_file out;
  out.path = "m.gguf";
  out.values = {
      {"tokenizer.ggml.model", std::string{"llama"}},
      {"tokenizer.ggml.tokens",
       strings{"<unk>", "<s>", "<0x0A>", "\xe2\x96\x81", "a",
               "\xe2\x96\x81"
               "a"}},
      {"tokenizer.ggml.token_type", std::vector<int32_t>{2, 3, 6, 1, 1, 1}},
      {"tokenizer.ggml.scores", std::vector<float>{0, 0, 0, -3, -2, -1}},
      {"tokenizer.ggml.bos_token_id", uint64_t{1}},
      {"tokenizer.ggml.unknown_token_id", uint64_t{0}}};
  return out;
}

tokenizer_description described(const gguf_file& from) {
  auto out = read_gguf_tokenizer(from);
  if (!out)
    FAIL(explain(out.error()));
  return *out;
}

template <class Change>
std::string complaint(gguf_file from, Change change) {
  change(from.values);
  auto out = read_gguf_tokenizer(from);
  if (out)
    return "nothing";
  CHECK(code_of(out.error()) == ec::invalid_data);
  return explain(out.error());
}

std::vector<int32_t> encoded(const gguf_file& from, const std::string& text) {
  auto by = tokenizer::make(described(from));
  REQUIRE(by);
  auto out = by->encode(text);
  REQUIRE(out);
  return *out;
}

} // namespace

TEST_CASE("a vocabulary of byte pairs is read with its ids") {
  auto what = described(gpt2_file());
  CHECK(what.kind == tokenizer_kind::byte_level);
  CHECK(what.pre == "gpt-2");
  CHECK(what.bos == 0);
  CHECK(!what.add_bos);
  CHECK(!what.pad);
  // The end of a turn, although the file has only named that of texts.
  CHECK(what.ends == std::vector<int32_t>{0, 1});
  CHECK(encoded(gpt2_file(), "ab ab") == std::vector<int32_t>{4, 6});
}

TEST_CASE("LLaMA 3 begins texts and ignores merges, whatever its file says of "
          "neither") {
  auto what = described(gpt2_file("llama-bpe"));
  CHECK(what.add_bos);
  CHECK(what.ignore_merges);
  auto file = gpt2_file("llama-bpe");
  file.values["tokenizer.ggml.add_bos_token"] = false;
  CHECK(!described(file).add_bos);
}

TEST_CASE("a vocabulary with scores begins texts with a space") {
  auto what = described(llama_file());
  CHECK(what.kind == tokenizer_kind::by_score);
  CHECK(what.add_space_prefix);
  CHECK(what.add_bos);
  CHECK(encoded(llama_file(), "a\n") == std::vector<int32_t>{1, 5, 2});
  auto file = llama_file();
  file.values["tokenizer.ggml.add_space_prefix"] = false;
  CHECK(encoded(file, "a") == std::vector<int32_t>{1, 4});
}

TEST_CASE("what a file must not say of its tokenizer is refused") {
  CHECK(complaint(
            gpt2_file(),
            [](auto& x) { x["tokenizer.ggml.model"] = std::string{"bert"}; })
        == "m.gguf: has a tokenizer 'bert'; those that are known are gpt2 and "
           "llama");
  CHECK(complaint(gpt2_file(),
                  [](auto& x) {
                    x["tokenizer.ggml.token_type"] =
                        std::vector<int32_t>{3, 3, 1, -1, 1, 1, 1};
                  })
        == "m.gguf: key 'tokenizer.ggml.token_type' has the type -1, which "
           "is none");
  CHECK(complaint(gpt2_file(),
                  [](auto& x) { x["tokenizer.ggml.merges"] = strings{"ab"}; })
        == "m.gguf: key 'tokenizer.ggml.merges' has 'ab', which is no pair");
  CHECK(complaint(gpt2_file(),
                  [](auto& x) { x["tokenizer.ggml.merges"] = strings{""}; })
        == "m.gguf: key 'tokenizer.ggml.merges' has '', which is no pair");
  CHECK(complaint(gpt2_file(),
                  [](auto& x) {
                    x["tokenizer.ggml.eos_token_id"] = uint64_t{1} << 31;
                  })
        == "m.gguf: key 'tokenizer.ggml.eos_token_id' is 2147483648, which is "
           "no token");
  CHECK(complaint(gpt2_file(),
                  [](auto& x) { x["tokenizer.ggml.eos_token_id"] = 7ul; })
        == "m.gguf: tokenizer: eos is 7, but there are 7 pieces");
  CHECK(complaint(gpt2_file(), [](auto& x) {
          x["tokenizer.ggml.pre"] = std::string{"none"};
        }).starts_with("m.gguf: tokenizer: 'none' is no rule"));
  CHECK(
      complaint(llama_file(), [](auto& x) { x.erase("tokenizer.ggml.scores"); })
      == "m.gguf: no key 'tokenizer.ggml.scores'");
  CHECK(complaint(
            llama_file(),
            [](auto& x) { x["tokenizer.ggml.scores"] = std::vector<float>{1}; })
        == "m.gguf: tokenizer: 1 scores where there should be 6");
}

TEST_CASE("an id that is written as the largest number is none") {
  auto file = gpt2_file();
  file.values["tokenizer.ggml.padding_token_id"] = uint64_t{UINT32_MAX};
  CHECK(!described(file).pad);
}
