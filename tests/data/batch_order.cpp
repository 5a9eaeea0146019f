#include "nnactor/data/dataset.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

using namespace nnactor;

namespace {

/// The first `epochs` epochs of a sequence, one vector each.
std::vector<std::vector<uint64_t>> epochs_of(const batch_order& order,
                                             uint64_t size, uint64_t epochs) {
  std::vector<uint64_t> all;
  for (uint64_t step = 0; all.size() < size * epochs; ++step) {
    auto batch = order.batch(step);
    all.insert(all.end(), batch.begin(), batch.end());
  }
  std::vector<std::vector<uint64_t>> out;
  for (uint64_t i = 0; i < epochs; ++i) {
    auto begin = all.begin() + static_cast<ptrdiff_t>(i * size);
    out.emplace_back(begin, begin + static_cast<ptrdiff_t>(size));
  }
  return out;
}

} // namespace

TEST_CASE("every epoch visits every example once") {
  CHECK(rc::check("epochs", [](uint64_t seed) {
    auto size = *rc::gen::inRange<uint64_t>(1, 300);
    auto batch = *rc::gen::inRange<uint32_t>(1, 400);
    std::vector<uint64_t> expected(size);
    std::iota(expected.begin(), expected.end(), uint64_t{0});
    for (auto epoch : epochs_of({size, batch, seed}, size, 3)) {
      std::sort(epoch.begin(), epoch.end());
      RC_ASSERT(epoch == expected);
    }
  }));
}

TEST_CASE("epochs and seeds differ in order, steps repeat exactly") {
  auto epochs = epochs_of({100, 7, 1}, 100, 2);
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[0] != epochs_of({100, 7, 2}, 100, 1)[0]);
  batch_order order{100, 7, 1};
  auto once = order.batch(20);
  order.batch(3);
  CHECK(order.batch(20) == once);
}
