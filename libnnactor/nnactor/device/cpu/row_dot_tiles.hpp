// Dot products of rows in the vectors of one instruction set, which the source
// that includes this says before: `vector`, what is done with them, and of how
// many rows and units registers hold the sums. No guard: each source has its
// own.

#include "nnactor/device/cpu/panel_kernels.hpp"
#include "nnactor/device/cpu/row_products.hpp"
#include "nnactor/device/cpu/sum_of_lanes.hpp"

#include <algorithm>
#include <vector>

namespace nnactor {

namespace {

constexpr uint64_t vectors = lanes / width; ///< That hold all lanes.

/// The values of vector `v` that are there, of `count` in all lanes.
constexpr uint64_t values_in(uint64_t v, uint64_t count) {
  auto before = v * width;
  return count <= before ? 0 : std::min(count - before, width);
}

// Some units stay in the innermost cache while all rows of a block pass, and
// few enough columns that they fit, even if the rows of weights are a power of
// two apart and share places there; rows are copied so that they do not. The
// lanes of sums that are not complete are kept.
constexpr uint64_t block_rows = 48;
constexpr uint64_t block_units = 8;
constexpr uint64_t block_units_if_long = 6;
constexpr uint64_t most_columns = 640;

/// Some columns of all.
struct column_part {
  uint64_t first, count;
  bool is_first, is_last;
};

/// A few rows of some columns, and units.
struct dot_tile {
  spaced_rows<const float> x; ///< From its first row and the first column on.
  uint64_t row, unit;
  /// Sums that are not complete, `block_units` units a row; null if all are.
  float* kept;
  uint64_t kept_at = 0; ///< Where those of the unit begin.
};

/// Adds the products of at most 16 columns, all of them or the first.
template <bool All, int Rows, int Units>
NNACTOR_TARGET_INLINE void add_products(const float* const (&x)[Rows],
                                        const float* const (&w)[Units],
                                        uint64_t at, uint64_t count,
                                        vector (&sums)[Rows][Units][vectors]) {
  NNACTOR_UNROLL
  for (uint64_t v = 0; v < vectors; ++v) {
    auto place = at + v * width;
    vector weights[Units];
    NNACTOR_UNROLL
    for (int u = 0; u < Units; ++u)
      weights[u] = All ? load(w[u] + place)
                       : load_first(w[u] + place, values_in(v, count));
    NNACTOR_UNROLL
    for (int r = 0; r < Rows; ++r) {
      auto value = All ? load(x[r] + place)
                       : load_first(x[r] + place, values_in(v, count));
      // Compilers would read it again for each unit, which takes longer.
      __asm__("" : "+v"(value));
      NNACTOR_UNROLL
      for (int u = 0; u < Units; ++u)
        sums[r][u][v] = fused(value, weights[u], sums[r][u][v]);
    }
  }
}

template <int Rows, int Units>
NNACTOR_TARGET void multiply_tile(const row_dots& of, const dot_tile& tile,
                                  const column_part& part) {
  const float* x[Rows];
  const float* w[Units];
  vector sums[Rows][Units][vectors];
  NNACTOR_UNROLL
  for (int u = 0; u < Units; ++u)
    w[u] = of.w.row(tile.unit + static_cast<uint64_t>(u)) + part.first;
  NNACTOR_UNROLL
  for (int r = 0; r < Rows; ++r) {
    x[r] = tile.x.row(static_cast<uint64_t>(r));
    NNACTOR_UNROLL
    for (int u = 0; u < Units; ++u) {
      auto at =
          tile.kept_at + (static_cast<uint64_t>(r) * block_units + u) * lanes;
      NNACTOR_UNROLL
      for (uint64_t v = 0; v < vectors; ++v)
        sums[r][u][v] =
            part.is_first ? zero() : load(tile.kept + at + v * width);
    }
  }
  auto whole = part.count - part.count % lanes;
  for (uint64_t c = 0; c < whole; c += lanes)
    add_products<true>(x, w, c, lanes, sums);
  if (whole < part.count)
    add_products<false>(x, w, whole, part.count - whole, sums);
  NNACTOR_UNROLL
  for (int r = 0; r < Rows; ++r) {
    auto* z = of.z.row(tile.row + static_cast<uint64_t>(r)) + tile.unit;
    NNACTOR_UNROLL
    for (int u = 0; u < Units; ++u) {
      auto at =
          tile.kept_at + (static_cast<uint64_t>(r) * block_units + u) * lanes;
      if (part.is_last) {
        auto bias = of.b == nullptr ? 0.0f : of.b[tile.unit + u];
        z[u] = sum_of(sums[r][u]) + bias;
        continue;
      }
      NNACTOR_UNROLL
      for (uint64_t v = 0; v < vectors; ++v)
        store(tile.kept + at + v * width, sums[r][u][v]);
    }
  }
}

/// `count` units and as many rows as a tile has, or all that are left.
template <int Rows>
NNACTOR_TARGET_INLINE void multiply_units(const row_dots& of, dot_tile tile,
                                          uint64_t rows, uint64_t count,
                                          const column_part& part) {
  if constexpr (Rows > 1)
    if (rows < Rows)
      return multiply_units<Rows - 1>(of, tile, rows, count, part);
  constexpr auto units = dot_units(Rows);
  for (; count >= units; count -= units) {
    multiply_tile<Rows, units>(of, tile, part);
    tile.unit += units;
    tile.kept_at += units * lanes;
  }
  for (; count > 0; --count) {
    multiply_tile<Rows, 1>(of, tile, part);
    ++tile.unit;
    tile.kept_at += lanes;
  }
}

/// All units for as many rows as a tile has at most, for which weights are read
/// once anyway.
NNACTOR_TARGET void multiply_few(const row_dots& of) {
  multiply_units<dot_rows>(of, {of.x, 0, 0, nullptr}, of.m, of.n,
                           {0, of.k, true, true});
}

/// Rows of a block, first a part of the columns of all of them, then the next:
/// in the order in which they are read.
class packed_rows {
public:
  packed_rows(const row_dots& of, uint64_t first, uint64_t rows)
      : rows_(rows), columns_(of.k) {
    auto parts = (of.k + most_columns - 1) / most_columns;
    part_ = (of.k + parts - 1) / parts + lanes - 1;
    part_ -= part_ % lanes;
    data_ = of.x.row(first);
    if (parts == 1 && of.x.stride == of.k)
      return; // They lie like that.
    thread_local std::vector<float> values;
    values.resize(rows * of.k);
    auto* to = values.data();
    for (uint64_t c = 0; c < of.k; c += part_)
      for (uint64_t r = 0; r < rows; ++r)
        to = std::copy_n(of.x.row(first + r) + c, part(c).count, to);
    data_ = values.data();
  }

  column_part part(uint64_t first) const {
    auto count = std::min(part_, columns_ - first);
    return {first, count, first == 0, first + count == columns_};
  }

  spaced_rows<const float> from(uint64_t row, const column_part& of) const {
    return {data_ + rows_ * of.first + row * of.count, of.count};
  }

private:
  uint64_t rows_, columns_;
  uint64_t part_; ///< Columns.
  const float* data_;
};

NNACTOR_TARGET void multiply_block(const row_dots& of, uint64_t first_row,
                                   uint64_t rows) {
  alignas(64) float kept[block_rows * block_units * lanes];
  packed_rows x{of, first_row, rows};
  auto is_long = of.k * block_units > most_columns * block_units_if_long;
  auto most_units = is_long ? block_units_if_long : block_units;
  for (uint64_t unit = 0; unit < of.n; unit += most_units) {
    auto units = std::min(most_units, of.n - unit);
    for (uint64_t c = 0; c < of.k;) {
      auto part = x.part(c);
      for (uint64_t r = 0; r < rows; r += dot_rows)
        multiply_units<dot_rows>(of,
                                 {x.from(r, part), first_row + r, unit,
                                  kept + r * block_units * lanes},
                                 rows - r, units, part);
      c += part.count;
    }
  }
}

NNACTOR_TARGET void multiply_in_tiles(const row_dots& of) {
  if (of.m <= dot_rows)
    return multiply_few(of);
  for (uint64_t r = 0; r < of.m; r += block_rows)
    multiply_block(of, r, std::min(block_rows, of.m - r));
}

} // namespace

} // namespace nnactor
