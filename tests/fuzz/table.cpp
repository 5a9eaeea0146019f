#include "fuzz/fuzz.hpp"
#include "nnactor/codec/framed.hpp"
#include "nnactor/metadata/table_file.hpp"

using namespace nnactor;
using namespace nnactor::test;

// The content of a connection table under a digest that matches.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto read = decode_table_file(frame("NNACTORT", 3, bytes_of(data, size)));
  if (!read)
    return 0;
  must_come_back(decode_table_file, *read);
  return 0;
}
