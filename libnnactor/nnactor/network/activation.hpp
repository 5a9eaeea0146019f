#pragma once

#include <cstdint>

namespace nnactor {

/// Values are part of the schemas.
enum class activation : uint8_t { none, relu, gelu, tanh, sigmoid, silu };

/// Whether its slope is computed from z rather than from y = act(z).
constexpr bool needs_z(activation act) {
  return act == activation::gelu || act == activation::silu;
}

} // namespace nnactor
