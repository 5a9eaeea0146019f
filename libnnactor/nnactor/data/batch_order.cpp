#include "nnactor/data/dataset.hpp"
#include "nnactor/neuron/permutation.hpp"
#include "nnactor/neuron/random.hpp"

#include <optional>

namespace nnactor {

batch_order::batch_order(uint64_t size, uint32_t batch, uint64_t seed)
    : size_(size), batch_(batch), seed_(seed) {
}

std::vector<uint64_t> batch_order::batch(uint64_t step) const {
  std::vector<uint64_t> out;
  out.reserve(batch_);
  std::optional<permutation> order;
  // A batch may end one epoch and begin the next.
  for (uint64_t i = step * batch_; i < (step + 1) * batch_; ++i) {
    if (!order || i % size_ == 0)
      order.emplace(size_, counter_random{seed_, i / size_}.bits(0));
    out.push_back((*order)(i % size_));
  }
  return out;
}

} // namespace nnactor
