#include "nnactor/engine/resident.hpp"

#include "nnactor/engine/columns.hpp"

#include <algorithm>

namespace nnactor {

resident::resident(shape extent) : home_(extent) {
  std::ranges::fill(home_.values(), 0.0f);
}

mutable_matrix resident::host() {
  if (auto* from = away_.away()) {
    from->read(away_.data(), reinterpret_cast<std::byte*>(view(home_).data),
               away_.size());
    away_ = {};
  }
  return view(home_);
}

mutable_matrix resident::on(device& dev) {
  if (away_.away() != dev.away() || dev.away() == nullptr) {
    auto values = host();
    if (dev.away() == nullptr)
      return values;
    away_ = dev.upload(std::as_bytes(values.values()));
  }
  return {reinterpret_cast<float*>(away_.data()), extent().rows,
          extent().columns};
}

} // namespace nnactor
