#include "fuzz/fuzz.hpp"
#include "nnactor/codec/framed.hpp"
#include "nnactor/metadata/table_file.hpp"

using namespace nnactor;
using namespace nnactor::test;

// The content of a connection table under a digest that matches.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto read = decode_table_file(frame("NNACTORT", 1, bytes_of(data, size)));
  if (!read)
    return 0;
  auto written = encode(*read);
  auto again = decode_table_file(written);
  must_hold(again && encode(*again) == written);
  return 0;
}
