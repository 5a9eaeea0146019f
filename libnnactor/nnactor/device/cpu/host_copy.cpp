#include "nnactor/device/cpu/host_device.hpp"

#include "nnactor/tensor/bfloat16.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace nnactor {

namespace {

struct column_move {
  uint32_t from, to;
};

/// Spans as what is moved at once, for loops without branches: to call memcpy
/// costs more than to copy a few columns.
struct sorted_spans {
  static constexpr uint64_t block = 4;
  static constexpr uint64_t most_in_blocks = 16;

  explicit sorted_spans(std::span<const column_span> spans) {
    single.reserve(2 * spans.size());
    for (const auto& x : spans)
      if (x.count > most_in_blocks)
        whole.push_back(x);
      else if (x.count >= block)
        add_blocks(x);
      else
        for (uint64_t i = 0; i < x.count; ++i)
          single.push_back(at(x, i));
  }

  std::vector<column_move> single;
  std::vector<column_move> blocks; ///< Of four columns.
  std::vector<column_span> whole;

private:
  static column_move at(const column_span& x, uint64_t offset) {
    return {static_cast<uint32_t>(x.from + offset),
            static_cast<uint32_t>(x.to + offset)};
  }

  /// The last may move again what the one before has moved.
  void add_blocks(const column_span& x) {
    for (uint64_t i = 0; i + block <= x.count; i += block)
      blocks.push_back(at(x, i));
    if (x.count % block != 0)
      blocks.push_back(at(x, x.count - block));
  }
};

} // namespace

void host_device::one_hot(token_matrix labels, mutable_matrix y) {
  clear(y.values());
  for (uint64_t r = 0; r < labels.rows; ++r)
    y.row(r)[static_cast<size_t>(labels.data[r])] = 1.0f;
}

void host_device::copy_columns(matrix from, uint64_t first, uint64_t count,
                               mutable_matrix to, uint64_t at) {
  for (uint64_t r = 0; r < from.rows; ++r)
    std::ranges::copy(from.row(r).subspan(first, count),
                      to.row(r).subspan(at).begin());
}

// All spans of a row before the next row: they share its cache lines.
void host_device::copy_spans(matrix from, std::span<const column_span> spans,
                             mutable_matrix to) {
  sorted_spans sorted{spans};
  for (uint64_t r = 0; r < from.rows; ++r) {
    const auto* in = from.row(r).data();
    auto* out = to.row(r).data();
    for (auto x : sorted.single)
      out[x.to] = in[x.from];
    for (auto x : sorted.blocks)
      std::memcpy(out + x.to, in + x.from, sorted.block * sizeof(float));
    for (const auto& x : sorted.whole)
      std::memcpy(out + x.to, in + x.from, x.count * sizeof(float));
  }
}

void host_device::clear(std::span<float> x) {
  std::ranges::fill(x, 0.0f);
}

void host_device::round(std::span<const float> x, std::span<float> y) {
  for (size_t i = 0; i < x.size(); ++i)
    y[i] = round_to_bfloat16(x[i]);
}

void host_device::add_to_rows(std::span<const float> row, mutable_matrix y) {
  for (uint64_t r = 0; r < y.rows; ++r)
    add(row, y.row(r));
}

// Nothing where `sums` is empty.
void host_device::add_column_sums(matrix x, std::span<float> sums) {
  for (size_t c = 0; c < sums.size(); ++c) {
    auto sum = 0.0;
    for (uint64_t r = 0; r < x.rows; ++r)
      sum += static_cast<double>(x.row(r)[c]);
    sums[c] += static_cast<float>(sum);
  }
}

} // namespace nnactor
