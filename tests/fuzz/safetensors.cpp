#include "nnactor/store/safetensors.hpp"
#include "fuzz/fuzz.hpp"
#include "store/fixture.hpp"

using namespace nnactor;
using namespace nnactor::test;

// A file of the safetensors format: what is imported is a whole model.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto fs = make_memory_filesystem();
  auto bytes = bytes_of(data, size);
  replace_file(*fs, "file", {bytes.begin(), bytes.end()});
  model_store store{fs, "m"};
  auto made = import_safetensors(*fs, "file", store);
  if (made)
    must_hold(!check_coverage(*made) && store.verify(*made, nullptr)->empty());
  return 0;
}
