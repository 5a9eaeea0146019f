#include "fuzz/fuzz.hpp"
#include "store/fixture.hpp"

#include <algorithm>
#include <cstring>

using namespace nnactor;
using namespace nnactor::test;

namespace {

struct model {
  std::shared_ptr<filesystem> fs = make_memory_filesystem();
  model_store store{fs, "m"};
  network net = small_network();
  manifest saved;
  std::string path;
  std::vector<std::byte> whole;

  model() {
    must_hold(static_cast<bool>(store.claim_epoch()));
    saved = *commit_model(store, 1, net, deal(net, 1));
    path = "m/" + saved.slices[0].file;
    whole = read_file(*fs, path);
  }
};

} // namespace

// A file of slices, cut or grown to any length, some of it overwritten: what is
// read is what was saved, or an error.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static model m;
  uint32_t place[2];
  if (size < sizeof(place))
    return 0;
  std::memcpy(place, data, sizeof(place));
  auto bytes = m.whole;
  bytes.resize(place[0] % (2 * m.whole.size()));
  auto from = bytes.empty() ? 0 : place[1] % bytes.size();
  auto length = std::min(size - sizeof(place), bytes.size() - from);
  if (length > 0)
    std::memcpy(bytes.data() + from, data + sizeof(place), length);
  replace_file(*m.fs, m.path, bytes);
  static_cast<void>(m.store.verify(m.saved, nullptr));
  for (auto& x : m.saved.slices)
    if (auto read = m.store.read(m.saved, x.layer, x.neurons))
      must_hold(equal(*read, parameters_of(m.net, x.layer, x.neurons)));
  return 0;
}
