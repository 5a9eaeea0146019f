#include "nnactor/device/cpu/blocked_attention.hpp"

#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/onednn_sgemm.hpp"
#include "nnactor/device/cpu/vector_formulas.hpp"
#include "nnactor/device/seen_positions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

namespace {

/// Queries of a block. With more, causal ones would be multiplied with more
/// keys that they do not see; with fewer, oneDNN takes longer for each.
constexpr uint64_t block_rows = 32;

/// Sums and maxima of a row run in lanes, one after the other at the end: the
/// same on every processor.
constexpr uint64_t lanes = 16;

NNACTOR_VECTORS
float largest_of(const float* x, uint64_t count) {
  float best[lanes];
  std::fill_n(best, lanes, -std::numeric_limits<float>::infinity());
  auto whole = count - count % lanes;
  for (uint64_t i = 0; i < whole; i += lanes)
    for (uint64_t lane = 0; lane < lanes; ++lane)
      best[lane] = x[i + lane] > best[lane] ? x[i + lane] : best[lane];
  for (auto i = whole; i < count; ++i)
    best[i - whole] = std::max(best[i - whole], x[i]);
  return *std::max_element(best, best + lanes);
}

/// x = exp(x - largest); returns the sum.
NNACTOR_VECTORS
float exponentials_of(float* x, float largest, uint64_t count) {
  float sums[lanes] = {};
  for (uint64_t i = 0; i < count; ++i)
    x[i] = vector_exp(x[i] - largest);
  auto whole = count - count % lanes;
  for (uint64_t i = 0; i < whole; i += lanes)
    for (uint64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += x[i + lane];
  for (auto i = whole; i < count; ++i)
    sums[i - whole] += x[i];
  auto sum = 0.0f;
  for (auto part : sums)
    sum += part;
  return sum;
}

/// Scores become shares, and the products of dy and values become slopes of
/// scores.
/// @param sum The logarithm of the sum of exponentials.
/// @param mean The product of dy and y.
NNACTOR_VECTORS
void slopes_of(float* __restrict scores, float* __restrict products, float sum,
               float mean, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    scores[i] = vector_exp(scores[i] - sum);
    products[i] = scores[i] * (products[i] - mean);
  }
}

NNACTOR_VECTORS
float dot_in_lanes(const float* x, const float* y, uint64_t count) {
  float sums[lanes] = {};
  auto whole = count - count % lanes;
  for (uint64_t i = 0; i < whole; i += lanes)
    for (uint64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += x[i + lane] * y[i + lane];
  for (auto i = whole; i < count; ++i)
    sums[i - whole] += x[i] * y[i];
  auto sum = 0.0f;
  for (auto part : sums)
    sum += part;
  return sum;
}

NNACTOR_VECTORS
void scale_row(float factor, float* x, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    x[i] *= factor;
}

/// Some queries of a head, side by side, and the rows of the keys that any of
/// them sees.
struct attention_block {
  uint64_t first, count; ///< Rows of the queries.
  uint64_t head, key_head;
  position_range keys;
};

/// A part of one row of scores: those of what the query sees.
struct seen_scores {
  float* data;
  uint64_t count;
};

/// Attention cut into blocks.
class attention_blocks {
public:
  attention_blocks(const device::attention_heads& how, uint64_t rows)
      : how_(how), rows_(rows) {
  }

  /// Of the values of a block's scores.
  size_t most_scores() const {
    return block_rows * std::min<uint64_t>(how_.context, rows_);
  }

  float scale() const {
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(how_.size)));
  }

  /// Calls `f` for every block, head after head in each sequence.
  template <class F>
  void each(F f) const {
    for (uint64_t start = 0; start < rows_; start += how_.context)
      for (uint64_t head = 0; head < how_.heads * how_.queries; ++head)
        for (uint64_t i = 0; i < length(start); i += block_rows) {
          auto count = std::min(block_rows, length(start) - i);
          position_range keys{seen(start, i).first,
                              seen(start, i + count - 1).last};
          f(attention_block{start + i, count, head, head / how_.queries, keys});
        }
  }

  /// The values of the block's queries in a matrix like q, those of its keys in
  /// one like k.
  template <class T>
  strided_view<T> asking(const attention_block& of, matrix_view<T> x) const {
    return {x.row(of.first).data() + of.head * how_.size, of.count, how_.size,
            x.columns};
  }

  template <class T>
  strided_view<T> asked(const attention_block& of, matrix_view<T> x) const {
    return {x.row(of.keys.first).data() + of.key_head * how_.size,
            of.keys.last - of.keys.first, how_.size, x.columns};
  }

  /// Where the scores of a block are.
  mutable_strided_matrix scores(const attention_block& of,
                                std::vector<float>& in) const {
    auto keys = of.keys.last - of.keys.first;
    return {in.data(), of.count, keys, keys};
  }

  /// Those of row `i` that count; all others become 0.
  seen_scores seen_of(const attention_block& of, uint64_t i,
                      const mutable_strided_matrix& scores) const {
    auto start = of.first / how_.context * how_.context;
    auto sees = seen(start, of.first + i - start);
    auto* row = scores.data + i * scores.stride;
    auto* first = row + (sees.first - of.keys.first);
    auto* last = row + (sees.last - of.keys.first);
    std::fill(row, first, 0.0f);
    std::fill(last, row + scores.columns, 0.0f);
    return {first, sees.last - sees.first};
  }

private:
  uint64_t length(uint64_t start) const {
    return std::min<uint64_t>(how_.context, rows_ - start);
  }

  /// Rows that a position of the sequence from `start` on sees.
  position_range seen(uint64_t start, uint64_t position) const {
    auto sees =
        seen_positions(position, length(start), how_.causal, how_.window);
    return {start + sees.first, start + sees.last};
  }

  const device::attention_heads& how_;
  uint64_t rows_;
};

void multiply(const product_terms& how, strided_matrix a, strided_matrix b,
              mutable_strided_matrix c) {
  multiply_float32("attention", how, a, b, c);
}

strided_matrix read(const mutable_strided_matrix& x) {
  return {x.data, x.rows, x.columns, x.stride};
}

} // namespace

void blocked_attention::attend(const device::attention_heads& how, matrix q,
                               matrix k, matrix v, mutable_matrix y,
                               mutable_matrix sums) {
  attention_blocks all{how, q.rows};
  scores_.resize(std::max(scores_.size(), all.most_scores()));
  all.each([&](const attention_block& block) {
    auto scores = all.scores(block, scores_);
    multiply({.b = stored::transposed, .factor = all.scale()},
             all.asking(block, q), all.asked(block, k), scores);
    float inverse[block_rows];
    for (uint64_t i = 0; i < block.count; ++i) {
      auto seen = all.seen_of(block, i, scores);
      auto largest = largest_of(seen.data, seen.count);
      auto sum = exponentials_of(seen.data, largest, seen.count);
      inverse[i] = 1.0f / sum;
      sums.row(block.first + i)[block.head] = largest + std::log(sum);
    }
    auto out = all.asking(block, y);
    multiply({}, read(scores), all.asked(block, v), out);
    for (uint64_t i = 0; i < block.count; ++i)
      scale_row(inverse[i], out.data + i * out.stride, how.size);
  });
}

void blocked_attention::attend_gradient(const device::attention_heads& how,
                                        const device::attended& at, matrix dy,
                                        mutable_matrix dq, mutable_matrix dk,
                                        mutable_matrix dv) {
  attention_blocks all{how, dy.rows};
  scores_.resize(std::max(scores_.size(), all.most_scores()));
  slopes_.resize(std::max(slopes_.size(), all.most_scores()));
  std::ranges::fill(dk.values(), 0.0f);
  std::ranges::fill(dv.values(), 0.0f);
  all.each([&](const attention_block& block) {
    auto scores = all.scores(block, scores_);
    auto slopes = all.scores(block, slopes_);
    auto queries = all.asking(block, at.q);
    auto keys = all.asked(block, at.k);
    auto y = all.asking(block, at.y);
    auto from = all.asking(block, dy);
    multiply({.b = stored::transposed, .factor = all.scale()}, queries, keys,
             scores);
    multiply({.b = stored::transposed}, from, all.asked(block, at.v), slopes);
    for (uint64_t i = 0; i < block.count; ++i) {
      auto mean = dot_in_lanes(from.data + i * from.stride,
                               y.data + i * y.stride, how.size);
      auto seen = all.seen_of(block, i, scores);
      slopes_of(seen.data, all.seen_of(block, i, slopes).data,
                at.sums.row(block.first + i)[block.head], mean, seen.count);
    }
    multiply({.a = stored::transposed, .kept = 1}, read(scores), from,
             all.asked(block, dv));
    multiply({.factor = all.scale()}, read(slopes), keys,
             all.asking(block, dq));
    multiply({.a = stored::transposed, .factor = all.scale(), .kept = 1},
             read(slopes), queries, all.asked(block, dk));
  });
}

} // namespace nnactor
