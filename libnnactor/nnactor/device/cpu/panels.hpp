#pragma once

#include "nnactor/device/device.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nnactor {

// A dense layer with bfloat16 weights, for the few rows of a small micro-batch:
// then reading the weights is all the time there is, so they lie in the order
// in which they are read. A panel holds the weights of 64 units, two columns
// of a unit side by side as the processors' products of bfloat16 want them:
//
//   panel u/64: for every pair of columns: 64 units x 2 values
//
// Units are padded to whole panels and columns to multiples of 32, one tile of
// AMX, with zeros.

inline constexpr uint64_t panel_units = 64;
inline constexpr uint64_t panel_columns = 32;

/// Weights [units, columns] in panels; somebody else owns them.
struct panels {
  const uint16_t* data = nullptr; ///< Aligned to 64 bytes.
  uint64_t units = 0;
  uint64_t columns = 0;

  uint64_t padded_columns() const {
    return (columns + panel_columns - 1) / panel_columns * panel_columns;
  }

  uint64_t count() const {
    return (units + panel_units - 1) / panel_units;
  }

  /// Of one panel, in values.
  uint64_t panel_size() const {
    return padded_columns() * panel_units;
  }

  size_t bytes() const {
    return count() * panel_size() * sizeof(uint16_t);
  }
};

/// Rounds weights to bfloat16 into panels.
/// @pre `into` has the bytes that `panels` of that shape need
void pack_panels(matrix w, uint16_t* into);

/// The inverse: the rounded weights, row by row.
void unpack_panels(const panels& w, uint16_t* rows);

/// How products with panels are computed.
enum class panel_kernel : uint8_t {
  plain,  ///< Wherever it runs.
  avx2,   ///< With FMA: values are widened to float32.
  avx512, ///< AVX512-BF16: both products of a pair in one instruction.
  amx,    ///< AMX-BF16: tiles of 16 rows.
};

const char* to_string(panel_kernel how);

/// Those that this processor and its system have, the fastest last.
const std::vector<panel_kernel>& panel_kernels();

/// Rounds rows to bfloat16 and pads each with zeros. The memory belongs to the
/// thread, until the next call.
const uint16_t* round_rows(panel_kernel how, matrix x, uint64_t padded_columns);

/// The bias, or as many zeros as there are units if it is empty. These belong
/// to the thread, until the next call.
std::span<const float> bias_or_zeros(std::span<const float> b, uint64_t units);

/// z[r,u] = x[r,c] w[u,c]^T + b[u]; an empty b counts as 0. x is rounded to
/// bfloat16, sums are float32. The same `how` and shapes give the same bits.
/// @pre `how` is one of `panel_kernels()`
void multiply_panels(panel_kernel how, matrix x, const panels& w,
                     std::span<const float> b, mutable_matrix z);

} // namespace nnactor
