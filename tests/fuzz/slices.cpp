#include "fuzz/fuzz.hpp"
#include "nnactor/store/manifest.hpp"

using namespace nnactor;
using namespace nnactor::test;

// What a node tells of the slices that it has written; no digest protects it.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto read = decode_slices(bytes_of(data, size));
  if (!read)
    return 0;
  must_come_back(decode_slices, *read);
  return 0;
}
