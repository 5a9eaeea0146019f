#pragma once

#include "nnactor/network/network.hpp"

#include <fmt/format.h>

namespace nnactor {

/// What benchmarks of caches compute: dense layers of equal width that follow
/// each other.
inline network_description six_layers(uint64_t width) {
  network_description out;
  for (int i = 1; i <= 6; ++i) {
    auto& x = out.layers.emplace_back();
    x.name = fmt::format("layer {}", i);
    x.units = width;
    x.act = activation::relu;
  }
  out.loss = layer_kind::mean_squared_error;
  return out;
}

} // namespace nnactor
