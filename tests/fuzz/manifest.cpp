#include "nnactor/store/manifest.hpp"
#include "fuzz/fuzz.hpp"
#include "nnactor/codec/framed.hpp"

using namespace nnactor;
using namespace nnactor::test;

// The content of a manifest under a digest that matches.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto read = decode_manifest(frame("NNACTORM", 1, bytes_of(data, size)));
  if (!read)
    return 0;
  static_cast<void>(check_coverage(*read));
  must_come_back(decode_manifest, *read);
  return 0;
}
