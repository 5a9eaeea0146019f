#include "nnactor/device/cpu/panel_kernels.hpp"

#include <immintrin.h>

#include <algorithm>

#define NNACTOR_AMX __attribute__((target("amx-tile,amx-bf16,avx512f")))

namespace nnactor {

namespace {

constexpr uint64_t tile_rows = 16;
constexpr uint64_t tile_bytes = 64;                  ///< Of a row of a tile.
constexpr uint64_t pair_bytes = panel_units * 2 * 2; ///< Of a pair of columns.

// Weights that no L2 holds.
constexpr size_t far_bytes = 2 << 20;

/// What LDTILECFG reads (Intel SDM, volume 1, 18.2).
struct alignas(64) tile_config {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t columns[16] = {}; ///< Bytes.
  uint8_t rows[16] = {};
};

/// Tiles 0 to 3 hold the sums of four times 16 units, or of two rows of tiles
/// and two times 16 units; 4 and 5 the rows; 6 and 7 the weights.
tile_config configure(uint64_t upper, uint64_t lower) {
  tile_config out;
  auto set = [&](int tile, uint64_t rows) {
    out.rows[tile] = static_cast<uint8_t>(rows);
    out.columns[tile] = tile_bytes;
  };
  set(0, upper);
  set(1, upper);
  set(2, lower > 0 ? lower : upper);
  set(3, lower > 0 ? lower : upper);
  set(4, upper);
  set(5, lower > 0 ? lower : upper);
  set(6, tile_rows);
  set(7, tile_rows);
  return out;
}

/// Fetches a quarter of the weights that are due in a moment, line after line:
/// tiles are read across lines, which the processor does not foresee beyond its
/// L2.
NNACTOR_AMX inline void prefetch(const uint16_t* due, uint64_t quarter) {
  constexpr uint64_t line = 32;
  for (uint64_t i = 0; i < tile_rows; ++i)
    _mm_prefetch(due + (quarter * tile_rows + i) * line, _MM_HINT_T0);
}

/// Where the tiles of a panel begin with the bias and end as outputs; rows
/// are `stride` bytes apart.
struct tile_sums {
  const float* bias;
  float* out;
  size_t stride;
};

/// Up to 16 rows by the 64 units of a panel.
template <bool Far>
NNACTOR_AMX void multiply_one(const uint16_t* x, uint64_t columns,
                              const uint16_t* w, const tile_sums& sums) {
  // Without a stride, every row of a tile is the same.
  _tile_loadd(0, sums.bias, 0);
  _tile_loadd(1, sums.bias + 16, 0);
  _tile_loadd(2, sums.bias + 32, 0);
  _tile_loadd(3, sums.bias + 48, 0);
  for (uint64_t c = 0; c < columns; c += panel_columns) {
    const auto* at = w + c * panel_units;
    const auto* due = at + 4 * panel_columns * panel_units;
    _tile_loadd(4, x + c, columns * 2);
    _tile_loadd(6, at, pair_bytes);
    if constexpr (Far)
      prefetch(due, 0);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, at + 32, pair_bytes);
    if constexpr (Far)
      prefetch(due, 1);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(6, at + 64, pair_bytes);
    if constexpr (Far)
      prefetch(due, 2);
    _tile_dpbf16ps(2, 4, 6);
    _tile_loadd(7, at + 96, pair_bytes);
    if constexpr (Far)
      prefetch(due, 3);
    _tile_dpbf16ps(3, 4, 7);
  }
  _tile_stored(0, sums.out, sums.stride);
  _tile_stored(1, sums.out + 16, sums.stride);
  _tile_stored(2, sums.out + 32, sums.stride);
  _tile_stored(3, sums.out + 48, sums.stride);
}

/// 17 to 32 rows by half of the units of a panel: each tile of weights serves
/// two tiles of rows.
NNACTOR_AMX void multiply_two(const uint16_t* x, uint64_t columns,
                              const uint16_t* w, const tile_sums& sums) {
  _tile_loadd(0, sums.bias, 0);
  _tile_loadd(1, sums.bias + 16, 0);
  _tile_loadd(2, sums.bias, 0);
  _tile_loadd(3, sums.bias + 16, 0);
  for (uint64_t c = 0; c < columns; c += panel_columns) {
    const auto* at = w + c * panel_units;
    _tile_loadd(4, x + c, columns * 2);
    _tile_loadd(6, at, pair_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, at + 32, pair_bytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, x + tile_rows * columns + c, columns * 2);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  auto* lower = sums.out + tile_rows * sums.stride / sizeof(float);
  _tile_stored(0, sums.out, sums.stride);
  _tile_stored(1, sums.out + 16, sums.stride);
  _tile_stored(2, lower, sums.stride);
  _tile_stored(3, lower + 16, sums.stride);
}

/// One panel by at most 32 rows.
NNACTOR_AMX void multiply_panel(const uint16_t* x, uint64_t rows,
                                const panels& w, const uint16_t* panel,
                                const tile_sums& sums) {
  if (rows <= tile_rows)
    return w.bytes() > far_bytes
               ? multiply_one<true>(x, w.padded_columns(), panel, sums)
               : multiply_one<false>(x, w.padded_columns(), panel, sums);
  multiply_two(x, w.padded_columns(), panel, sums);
  multiply_two(x, w.padded_columns(), panel + 64,
               {sums.bias + 32, sums.out + 32, sums.stride});
}

/// The last panel, whose units are not all there, by at most 32 rows.
NNACTOR_AMX void multiply_last(const uint16_t* x, uint64_t rows,
                               const panels& w, std::span<const float> b,
                               float* z, uint64_t stride) {
  alignas(64) float bias[panel_units] = {};
  alignas(64) float sums[2 * tile_rows * panel_units];
  auto first = (w.count() - 1) * panel_units;
  auto units = w.units - first;
  std::copy_n(b.data() + first, units, bias);
  multiply_panel(x, rows, w, w.data + (w.count() - 1) * w.panel_size(),
                 {bias, sums, panel_units * sizeof(float)});
  for (uint64_t r = 0; r < rows; ++r)
    std::copy_n(sums + r * panel_units, units, z + r * stride + first);
}

/// At most 32 rows.
NNACTOR_AMX void multiply_rows(const uint16_t* x, uint64_t rows,
                               const panels& w, std::span<const float> b,
                               float* z, uint64_t stride) {
  auto lower = rows > tile_rows ? rows - tile_rows : 0;
  auto config = configure(rows - lower, lower);
  _tile_loadconfig(&config);
  auto whole = w.units / panel_units;
  for (uint64_t p = 0; p < whole; ++p)
    multiply_panel(x, rows, w, w.data + p * w.panel_size(),
                   {b.data() + p * panel_units, z + p * panel_units,
                    stride * sizeof(float)});
  if (whole < w.count())
    multiply_last(x, rows, w, b, z, stride);
  _tile_release();
}

} // namespace

void multiply_amx(panel_rows x, const panels& w, std::span<const float> b,
                  mutable_matrix z) {
  for (uint64_t r = 0; r < x.count; r += 2 * tile_rows)
    multiply_rows(x.data + r * w.padded_columns(),
                  std::min(x.count - r, 2 * tile_rows), w, b,
                  z.data + r * z.columns, z.columns);
}

} // namespace nnactor
