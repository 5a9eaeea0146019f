#include "nnactor/formats/gguf.hpp"
#include "fuzz/fuzz.hpp"
#include "store/fixture.hpp"

using namespace nnactor;
using namespace nnactor::test;

// A file of the GGUF format: what is read is inside the file.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto fs = make_memory_filesystem();
  auto bytes = bytes_of(data, size);
  replace_file(*fs, "file", {bytes.begin(), bytes.end()});
  auto read = read_gguf(*fs, "file");
  if (!read)
    return 0;
  for (const auto& x : read->tensors) {
    must_hold(x.offset <= size && x.bytes <= size - x.offset);
    must_hold(x.rows() * x.columns() / x.type->values * x.type->bytes
              == x.bytes);
  }
  for (const auto& [key, value] : read->values)
    static_cast<void>(read->wholes(key));
  return 0;
}
