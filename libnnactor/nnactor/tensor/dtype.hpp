#pragma once

#include <cstddef>
#include <cstdint>

namespace nnactor {

/// Element type of a tensor. Values are part of the wire and store formats.
enum class dtype : uint8_t {
  f32 = 0,  ///< IEEE 754 single precision.
  i32 = 1,  ///< Signed 32-bit integer: tokens and class labels.
  f64 = 2,  ///< IEEE 754 double precision: sums that are reported.
  bf16 = 3, ///< The upper half of an f32; on links only.
};

/// Returns the size of one element in bytes, 0 for a value of no dtype.
constexpr size_t size_of(dtype type) {
  switch (type) {
  case dtype::f32:
  case dtype::i32:
    return 4;
  case dtype::f64:
    return 8;
  case dtype::bf16:
    return 2;
  }
  return 0;
}

constexpr const char* to_string(dtype type) {
  switch (type) {
  case dtype::f32:
    return "f32";
  case dtype::i32:
    return "i32";
  case dtype::f64:
    return "f64";
  case dtype::bf16:
    return "bf16";
  }
  return "unknown";
}

/// Maps a C++ element type to its dtype.
template <class T>
struct dtype_of;
template <>
struct dtype_of<float> {
  static constexpr auto value = dtype::f32;
};
template <>
struct dtype_of<int32_t> {
  static constexpr auto value = dtype::i32;
};
template <>
struct dtype_of<double> {
  static constexpr auto value = dtype::f64;
};

} // namespace nnactor
