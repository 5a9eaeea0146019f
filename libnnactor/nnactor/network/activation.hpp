#pragma once

#include <cstdint>

namespace nnactor {

/// Values are part of the schemas.
enum class activation : uint8_t { none, relu, gelu, tanh, sigmoid };

} // namespace nnactor
