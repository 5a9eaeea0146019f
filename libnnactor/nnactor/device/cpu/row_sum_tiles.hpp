// Sums of rows of weights in the vectors of one instruction set; comes after
// `row_dot_tiles.hpp`. No guard: each source has its own.

namespace nnactor {

namespace {

/// Rows for which weights are read as they lie.
constexpr uint64_t few_rows = 8;

/// Rows of weights that are added at once.
constexpr int walked_rows = 8;

/// Adds some rows of weights to one row.
template <int Count>
NNACTOR_TARGET void add_weights(const row_sums& of, uint64_t row, uint64_t at) {
  const float* w[Count];
  vector factors[Count];
  NNACTOR_UNROLL
  for (int i = 0; i < Count; ++i) {
    w[i] = of.w.row(at + static_cast<uint64_t>(i));
    factors[i] = broadcast(of.z.row(row)[at + static_cast<uint64_t>(i)]);
  }
  auto* x = of.x.row(row);
  auto whole = of.n - of.n % width;
  for (uint64_t c = 0; c < whole; c += width) {
    auto sum = load(x + c);
    NNACTOR_UNROLL
    for (int i = 0; i < Count; ++i)
      sum = fused(factors[i], load(w[i] + c), sum);
    store(x + c, sum);
  }
  if (auto left = of.n - whole; left > 0) {
    auto sum = load_first(x + whole, left);
    NNACTOR_UNROLL
    for (int i = 0; i < Count; ++i)
      sum = fused(factors[i], load_first(w[i] + whole, left), sum);
    store_first(x + whole, left, sum);
  }
}

NNACTOR_TARGET void add_up_few(const row_sums& of) {
  uint64_t u = 0;
  for (; u + walked_rows <= of.k; u += walked_rows)
    for (uint64_t r = 0; r < of.m; ++r)
      add_weights<walked_rows>(of, r, u);
  for (; u < of.k; ++u)
    for (uint64_t r = 0; r < of.m; ++r)
      add_weights<1>(of, r, u);
}

// Weights are copied in strips of 16 columns, each of which stays in the
// innermost cache while all rows of a block pass.
constexpr uint64_t block_sums = 96;
constexpr uint64_t strip_rows = 128;
constexpr uint64_t strips = 8;

/// A strip, and where it is added to.
struct sum_tile {
  const float* strip;
  uint64_t first, count; ///< Rows of weights.
  uint64_t row, column;
};

/// Adds to all columns of a strip, or to the first.
template <bool All, int Rows>
NNACTOR_TARGET void add_tile(const row_sums& of, const sum_tile& tile,
                             uint64_t columns) {
  const float* z[Rows];
  vector sums[Rows][vectors];
  NNACTOR_UNROLL
  for (int r = 0; r < Rows; ++r) {
    auto row = tile.row + static_cast<uint64_t>(r);
    z[r] = of.z.row(row) + tile.first;
    const auto* x = of.x.row(row) + tile.column;
    NNACTOR_UNROLL
    for (uint64_t v = 0; v < vectors; ++v)
      sums[r][v] = All ? load(x + v * width)
                       : load_first(x + v * width, values_in(v, columns));
  }
  for (uint64_t u = 0; u < tile.count; ++u) {
    vector weights[vectors];
    NNACTOR_UNROLL
    for (uint64_t v = 0; v < vectors; ++v)
      weights[v] = load(tile.strip + u * lanes + v * width);
    NNACTOR_UNROLL
    for (int r = 0; r < Rows; ++r) {
      auto value = broadcast(z[r][u]);
      NNACTOR_UNROLL
      for (uint64_t v = 0; v < vectors; ++v)
        sums[r][v] = fused(value, weights[v], sums[r][v]);
    }
  }
  NNACTOR_UNROLL
  for (int r = 0; r < Rows; ++r) {
    auto* x = of.x.row(tile.row + static_cast<uint64_t>(r)) + tile.column;
    NNACTOR_UNROLL
    for (uint64_t v = 0; v < vectors; ++v)
      if constexpr (All)
        store(x + v * width, sums[r][v]);
      else
        store_first(x + v * width, values_in(v, columns), sums[r][v]);
  }
}

template <int Rows>
NNACTOR_TARGET void add_rows(const row_sums& of, const sum_tile& tile,
                             uint64_t rows) {
  if constexpr (Rows > 1)
    if (rows < Rows)
      return add_rows<Rows - 1>(of, tile, rows);
  auto columns = of.n - tile.column;
  if (columns >= lanes)
    add_tile<true, Rows>(of, tile, lanes);
  else
    add_tile<false, Rows>(of, tile, columns);
}

/// Copies columns from `column` on, padded with zeros.
NNACTOR_TARGET void fill_strips(const row_sums& of, uint64_t first,
                                uint64_t count, uint64_t column, float* to) {
  auto columns = std::min(of.n - column, strips * lanes);
  for (uint64_t u = 0; u < count; ++u) {
    const auto* from = of.w.row(first + u) + column;
    for (uint64_t c = 0; c < columns; c += width) {
      auto* row = to + c / lanes * strip_rows * lanes + u * lanes + c % lanes;
      store(row, c + width <= columns ? load(from + c)
                                      : load_first(from + c, columns - c));
    }
    // What a tile reads of a half that is not there.
    if (auto rest = columns % lanes; rest > 0 && rest <= lanes - width)
      store(to + columns / lanes * strip_rows * lanes + u * lanes + width,
            zero());
  }
}

NNACTOR_TARGET void add_up_block(const row_sums& of, uint64_t first_row,
                                 uint64_t rows) {
  alignas(64) float packed[strips * strip_rows * lanes];
  for (uint64_t u = 0; u < of.k; u += strip_rows)
    for (uint64_t c = 0; c < of.n; c += strips * lanes) {
      auto count = std::min(strip_rows, of.k - u);
      fill_strips(of, u, count, c, packed);
      auto last = std::min(c + strips * lanes, of.n);
      for (auto strip = c; strip < last; strip += lanes)
        for (uint64_t r = 0; r < rows; r += sum_rows)
          add_rows<sum_rows>(of,
                             {packed + (strip - c) * strip_rows, u, count,
                              first_row + r, strip},
                             rows - r);
    }
}

NNACTOR_TARGET void add_up_in_tiles(const row_sums& of) {
  for (uint64_t r = 0; r < of.m && !of.accumulate; ++r)
    std::fill_n(of.x.row(r), of.n, 0.0f);
  if (of.m <= few_rows)
    return add_up_few(of);
  for (uint64_t r = 0; r < of.m; r += block_sums)
    add_up_block(of, r, std::min(block_sums, of.m - r));
}

} // namespace

} // namespace nnactor
