#include "nnactor/codec/message.hpp"
#include "nnactor/codec/tokenizer_codec.hpp"
#include "nnactor/tokenizers/sentencepiece_file.hpp"

#include "fuzz/fuzz.hpp"
#include "fuzz/tokenizers.hpp"

using namespace nnactor;
using namespace nnactor::test;

// A message with the description of a tokenizer: it comes back, and what is
// made of it encodes and decodes. A file of SentencePiece is only looked at:
// the library is not ours to test.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = bytes_of(data, size);
  static_cast<void>(
      check_sentencepiece_file({reinterpret_cast<const char*>(data), size}));
  auto ignored = with_message(
      bytes, ec::invalid_data, [](capnp::MessageReader& message) -> caf::error {
        auto what = read(message.getRoot<schema::Tokenizer>());
        if (!what)
          return what.error();
        capnp::MallocMessageBuilder again;
        auto root = again.initRoot<schema::Tokenizer>();
        write(root, *what);
        auto read_again = read(root.asReader());
        must_hold(read_again && *read_again == *what);
        if (what->kind != tokenizer_kind::sentencepiece)
          must_tokenize(*what);
        return caf::none;
      });
  return 0;
}
