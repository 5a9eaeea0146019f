#include "nnactor/device/cpu/blocked_attention.hpp"

#include "nnactor/device/cpu/score_row.hpp"
#include "nnactor/device/cpu/small_products.hpp"
#include "nnactor/device/seen_positions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace nnactor {

namespace {

/// Queries of a block. With more, causal ones would be multiplied with more
/// keys that they do not see; with fewer, there would be more to prepare.
constexpr uint64_t block_rows = 32;
static_assert(block_rows % small_rows == 0);

static_assert(small_columns % lanes == 0);

constexpr uint64_t rounded_up(uint64_t x, uint64_t to) {
  return (x + to - 1) / to * to;
}

// -- rows of scores -----------------------------------------------------------

/// Scores become shares, and the products of dy and values become slopes of
/// scores.
/// @param sum The logarithm of the sum of exponentials.
/// @param mean The product of dy and y.
NNACTOR_VECTORS
void to_slopes(score_row scores, score_row products, float sum, float mean) {
  auto* __restrict share = scores.data;
  auto* __restrict slope = products.data;
  for (uint64_t i = 0; i < scores.padded; ++i) {
    share[i] = vector_exp(share[i] - sum);
    slope[i] = share[i] * (slope[i] - mean);
  }
  fill_unseen(scores, 0.0f);
  fill_unseen(products, 0.0f);
}

// -- matrices of one head -----------------------------------------------------

/// Rows of one head in a matrix of all.
template <class T>
struct head_rows {
  T* data;
  uint64_t count;
  uint64_t size;
  uint64_t stride;
};

/// A matrix padded with zeros to what `small_product` takes.
struct padded_matrix {
  float* data = nullptr;
  uint64_t rows = 0;
  uint64_t stride = 0;

  float* row(uint64_t index) const {
    return data + index * stride;
  }

  void clear() const {
    std::fill_n(data, rows * stride, 0.0f);
  }
};

NNACTOR_VECTORS
void scale_copy(const float* from, float factor, float* to, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    to[i] = from[i] * factor;
}

/// Lines of the row that comes soon: rows of a head are too far apart for the
/// processor to foresee them.
template <class T>
void prefetch_row(const head_rows<T>& of, uint64_t row) {
  constexpr uint64_t ahead = 8;
  constexpr uint64_t line = 64 / sizeof(float);
  const auto* data = of.data + (row + ahead) * of.stride;
  for (uint64_t i = 0; i < of.size; i += line)
    __builtin_prefetch(data + i, !std::is_const_v<T>);
}

void fill_padded(const head_rows<const float>& from, float factor,
                 const padded_matrix& to) {
  for (uint64_t r = 0; r < to.rows; ++r) {
    auto there = r < from.count ? from.size : 0;
    prefetch_row(from, r);
    if (there > 0)
      scale_copy(from.data + r * from.stride, factor, to.row(r), there);
    std::fill(to.row(r) + there, to.row(r) + to.stride, 0.0f);
  }
}

/// What the columns of `to` beyond held is seen by nobody.
NNACTOR_VECTORS
void fill_transposed(head_rows<const float> from, padded_matrix to) {
  constexpr uint64_t tile = 8;
  for (uint64_t first = 0; first < from.count; first += tile) {
    auto rows = std::min(tile, from.count - first);
    for (uint64_t c = 0; c < from.size; ++c)
      for (uint64_t r = 0; r < rows; ++r)
        to.row(c)[first + r] = from.data[(first + r) * from.stride + c];
  }
}

void copy_back(const padded_matrix& from, float factor,
               const head_rows<float>& to) {
  for (uint64_t r = 0; r < to.count; ++r) {
    prefetch_row(to, r);
    scale_copy(from.row(r), factor, to.data + r * to.stride, to.size);
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
  return sum_of_lanes(sums);
}

// -- blocks -------------------------------------------------------------------

/// A sequence and a head of keys in it.
struct sequence_head {
  uint64_t start, length; ///< Rows.
  uint64_t head;
};

/// Some queries of a sequence, side by side, and the keys that any of them
/// sees, from a whole number of lanes on.
struct query_block {
  uint64_t first, count;    ///< Rows.
  uint64_t head;            ///< Of queries.
  uint64_t first_key, keys; ///< Positions.

  uint64_t padded_rows() const {
    return rounded_up(count, small_rows);
  }

  uint64_t padded_keys() const {
    return rounded_up(keys, small_columns);
  }
};

/// Attention cut into blocks, and where their values lie.
class attention_blocks {
public:
  attention_blocks(const device::attention_heads& how, uint64_t rows)
      : how(how), rows_(rows) {
  }

  // Rows of these are not a power of two apart, whose values would share a few
  // places of the cache.

  /// The scores of a block.
  padded_matrix scores() {
    return take(block_rows, padded_length() + small_columns);
  }

  /// Values of a block's queries.
  padded_matrix asking() {
    return take(block_rows, rounded_up(how.size, small_columns));
  }

  /// Values of a sequence's keys.
  padded_matrix asked() {
    return take(padded_length(), rounded_up(how.size, small_columns));
  }

  padded_matrix asked_transposed() {
    return take(how.size, padded_length() + small_columns);
  }

  /// Values of all that were asked for.
  size_t taken() const {
    return taken_;
  }

  /// Gives all that were asked for their memory, with zeros.
  template <class... Matrices>
  void place(float* data, Matrices&... matrices) const {
    auto give = [&data](padded_matrix& x) {
      x.data = data;
      x.clear();
      data += rounded_up(x.rows * x.stride, lanes);
    };
    (give(matrices), ...);
  }

  float scale() const {
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(how.size)));
  }

  /// Calls `f` for each head of keys in each sequence.
  template <class F>
  void each_head(F f) const {
    for (uint64_t start = 0; start < rows_; start += how.context)
      for (uint64_t head = 0; head < how.heads; ++head)
        f(sequence_head{start, std::min<uint64_t>(how.context, rows_ - start),
                        head});
  }

  /// Calls `f` for each block of the queries that ask a head.
  template <class F>
  void each_block(const sequence_head& of, F f) const {
    for (uint64_t query = 0; query < how.queries; ++query)
      for (uint64_t i = 0; i < of.length; i += block_rows) {
        auto count = std::min(block_rows, of.length - i);
        auto first = seen(of, i).first / lanes * lanes;
        f(query_block{of.start + i, count, of.head * how.queries + query, first,
                      seen(of, i + count - 1).last - first});
      }
  }

  template <class T>
  head_rows<T> keys_in(matrix_view<T> x, const sequence_head& of) const {
    return {x.row(of.start).data() + of.head * how.size, of.length, how.size,
            x.columns};
  }

  template <class T>
  head_rows<T> queries_in(matrix_view<T> x, const query_block& of) const {
    return {x.row(of.first).data() + of.head * how.size, of.count, how.size,
            x.columns};
  }

  /// Of query `i` of a block.
  score_row row(const padded_matrix& scores, const sequence_head& of,
                const query_block& block, uint64_t i) const {
    auto sees = seen(of, block.first - of.start + i);
    return {scores.row(i), sees.first - block.first_key,
            sees.last - block.first_key, block.padded_keys()};
  }

  const device::attention_heads& how;

private:
  uint64_t padded_length() const {
    return rounded_up(std::min<uint64_t>(how.context, rows_), small_columns);
  }

  position_range seen(const sequence_head& of, uint64_t position) const {
    return seen_positions(position, of.length, how.causal, how.window);
  }

  padded_matrix take(uint64_t rows, uint64_t stride) {
    taken_ += rounded_up(rows * stride, lanes);
    return {nullptr, rows, stride};
  }

  uint64_t rows_;
  uint64_t taken_ = 0;
};

/// Products of all queries of a block with all of its keys, whose transposed
/// matrix is given.
void multiply_keys(const query_block& of, const padded_matrix& queries,
                   const padded_matrix& transposed, const padded_matrix& out) {
  multiply_small({.a = queries.data,
                  .a_row = queries.stride,
                  .b = transposed.data + of.first_key,
                  .b_row = transposed.stride,
                  .c = out.data,
                  .c_row = out.stride,
                  .m = of.padded_rows(),
                  .n = of.padded_keys(),
                  .k = transposed.rows});
}

/// Sums over a block's keys, weighed by the scores of each query.
void sum_keys(const query_block& of, const padded_matrix& scores,
              const padded_matrix& keys, const padded_matrix& out) {
  multiply_small({.a = scores.data,
                  .a_row = scores.stride,
                  .b = keys.row(of.first_key),
                  .b_row = keys.stride,
                  .c = out.data,
                  .c_row = out.stride,
                  .m = of.padded_rows(),
                  .n = out.stride,
                  .k = of.keys});
}

/// Adds sums over a block's queries, weighed by their scores of each key.
void add_queries(const query_block& of, const padded_matrix& scores,
                 const padded_matrix& queries, const padded_matrix& out) {
  multiply_small({.a = scores.data,
                  .a_row = 1,
                  .a_column = scores.stride,
                  .b = queries.data,
                  .b_row = queries.stride,
                  .c = out.row(of.first_key),
                  .c_row = out.stride,
                  .m = of.padded_keys(),
                  .n = out.stride,
                  .k = of.count,
                  .accumulate = true});
}

} // namespace

float* blocked_attention::workspace(size_t values) {
  if (bytes_ < values * sizeof(float)) {
    bytes_ = values * sizeof(float);
    memory_ = arena_.take(bytes_);
  }
  return reinterpret_cast<float*>(memory_.get());
}

void blocked_attention::attend(const device::attention_heads& how, matrix q,
                               matrix k, matrix v, mutable_matrix y,
                               mutable_matrix sums) {
  attention_blocks all{how, q.rows};
  auto keys = all.asked_transposed();
  auto values = all.asked();
  auto queries = all.asking();
  auto scores = all.scores();
  auto out = all.asking();
  all.place(workspace(all.taken()), keys, values, queries, scores, out);
  all.each_head([&](const sequence_head& at) {
    fill_transposed(all.keys_in(k, at), keys);
    fill_padded(all.keys_in(v, at), 1, values);
    all.each_block(at, [&](const query_block& block) {
      fill_padded(all.queries_in(q, block), all.scale(), queries);
      multiply_keys(block, queries, keys, scores);
      float sum[block_rows];
      for (uint64_t i = 0; i < block.count; ++i) {
        auto base = to_exponentials(all.row(scores, at, block, i));
        sum[i] = base.sum;
        sums.row(block.first + i)[block.head] =
            base.largest + std::log(base.sum);
      }
      sum_keys(block, scores, values, out);
      auto to = all.queries_in(y, block);
      for (uint64_t i = 0; i < block.count; ++i)
        scale_copy(out.row(i), 1.0f / sum[i], to.data + i * to.stride,
                   how.size);
    });
  });
}

void blocked_attention::attend_gradient(const device::attention_heads& how,
                                        const device::attended& of, matrix dy,
                                        mutable_matrix dq, mutable_matrix dk,
                                        mutable_matrix dv) {
  attention_blocks all{how, dy.rows};
  auto keys = all.asked();
  auto keys_transposed = all.asked_transposed();
  auto values_transposed = all.asked_transposed();
  auto to_keys = all.asked();
  auto to_values = all.asked();
  auto queries = all.asking();
  auto from = all.asking();
  auto to_queries = all.asking();
  auto scores = all.scores();
  auto slopes = all.scores();
  all.place(workspace(all.taken()), keys, keys_transposed, values_transposed,
            to_keys, to_values, queries, from, to_queries, scores, slopes);
  all.each_head([&](const sequence_head& at) {
    fill_padded(all.keys_in(of.k, at), 1, keys);
    fill_transposed(all.keys_in(of.k, at), keys_transposed);
    fill_transposed(all.keys_in(of.v, at), values_transposed);
    to_keys.clear();
    to_values.clear();
    all.each_block(at, [&](const query_block& block) {
      fill_padded(all.queries_in(of.q, block), all.scale(), queries);
      fill_padded(all.queries_in(dy, block), 1, from);
      multiply_keys(block, queries, keys_transposed, scores);
      multiply_keys(block, from, values_transposed, slopes);
      auto y = all.queries_in(of.y, block);
      for (uint64_t i = 0; i < block.count; ++i) {
        prefetch_row(y, i);
        to_slopes(all.row(scores, at, block, i), all.row(slopes, at, block, i),
                  of.sums.row(block.first + i)[block.head],
                  dot_in_lanes(from.row(i), y.data + i * y.stride, how.size));
      }
      add_queries(block, scores, from, to_values);
      add_queries(block, slopes, queries, to_keys);
      sum_keys(block, slopes, keys, to_queries);
      copy_back(to_queries, all.scale(), all.queries_in(dq, block));
    });
    copy_back(to_keys, 1, all.keys_in(dk, at));
    copy_back(to_values, 1, all.keys_in(dv, at));
  });
}

} // namespace nnactor
