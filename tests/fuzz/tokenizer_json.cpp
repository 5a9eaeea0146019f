#include "nnactor/tokenizers/huggingface_tokenizer.hpp"

#include "fuzz/fuzz.hpp"
#include "fuzz/tokenizers.hpp"

using namespace nnactor;
using namespace nnactor::test;

// A tokenizer.json: what is read and passes its check encodes and decodes.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text{reinterpret_cast<const char*>(data), size};
  auto what = read_tokenizer_json(text);
  if (what && !check(*what))
    must_tokenize(*what);
  return 0;
}
