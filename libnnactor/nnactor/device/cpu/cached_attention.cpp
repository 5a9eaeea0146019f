#include "nnactor/device/cpu/cached_attention.hpp"

#include "nnactor/device/cpu/score_row.hpp"
#include "nnactor/device/seen_positions.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

/// Scores of a block, so that they stay in a cache beside keys and values.
constexpr uint64_t most_scores = 32768;

/// Rows of a block at most, for which the keys of a page are read once.
constexpr uint64_t most_rows = 16;

constexpr uint64_t rounded_up(uint64_t x, uint64_t to) {
  return (x + to - 1) / to * to;
}

/// What there is to do for one block of rows, all of one text.
struct block {
  uint64_t first, count;    ///< Rows.
  position_range positions; ///< That any of them sees.
  uint64_t stride;          ///< Scores of a query head.
};

/// One call, and what it needs at hand everywhere.
class attention_to_cache {
public:
  attention_to_cache(const row_products& by, const device::attention_heads& how,
                     const cached_rows& at)
      : by_(by), how_(how), at_(at), asking_(how.heads * how.queries) {
  }

  /// Rows from `first` on that follow each other in a text, but not so many
  /// that their scores are.
  block block_from(uint64_t first, uint64_t rows) const {
    block out{first, 0, seen(first), 0};
    for (auto r = first; r < rows && out.count < most_rows; ++r) {
      auto sees = seen(r);
      if (r > first && !follows(r))
        break;
      auto stride =
          std::max(out.stride, rounded_up(sees.last - sees.first, lanes));
      if (r > first && (out.count + 1) * asking_ * stride > most_scores)
        break;
      out.stride = stride;
      out.positions.last = sees.last;
      ++out.count;
    }
    return out;
  }

  /// The products of all queries of a block and the keys they see.
  void score(const block& of, const float* queries, matrix k,
             float* scores) const {
    each_page(of, [&](uint64_t row, uint64_t head, position_range part) {
      auto index = row * asking_ + head * how_.queries;
      auto skipped = part.first - seen(of.first + row).first;
      by_.multiply({.x = {queries + index * how_.size, how_.size},
                    .w = {place(k, of, row, head, part), k.columns},
                    .z = {scores + index * of.stride + skipped, of.stride},
                    .m = how_.queries,
                    .n = part.last - part.first,
                    .k = how_.size});
    });
  }

  /// Scores become exponentials.
  void weigh(const block& of, float* scores, float* sums) const {
    for (uint64_t row = 0; row < of.count; ++row) {
      auto sees = seen(of.first + row);
      auto count = sees.last - sees.first;
      for (uint64_t head = 0; head < asking_; ++head) {
        auto index = row * asking_ + head;
        score_row one{scores + index * of.stride, 0, count,
                      rounded_up(count, lanes)};
        sums[index] = to_exponentials(one).sum;
      }
    }
  }

  /// y += the values that a block sees, weighed by its scores.
  void add_values(const block& of, const float* scores, matrix v,
                  mutable_matrix y) const {
    each_page(of, [&](uint64_t row, uint64_t head, position_range part) {
      auto index = row * asking_ + head * how_.queries;
      auto sees = seen(of.first + row);
      auto* to = y.row(of.first + row).data();
      by_.add_up({.z = {scores + index * of.stride + part.first - sees.first,
                        of.stride},
                  .w = {place(v, of, row, head, part), v.columns},
                  .x = {to + head * how_.queries * how_.size, how_.size},
                  .m = how_.queries,
                  .n = how_.size,
                  .k = part.last - part.first,
                  .accumulate = part.first != sees.first});
    });
  }

private:
  position_range seen(uint64_t row) const {
    auto position = static_cast<uint64_t>(at_.positions.data[row]);
    return seen_positions(position, position + 1, true, how_.window);
  }

  bool follows(uint64_t row) const {
    return at_.first_page.data[row] == at_.first_page.data[row - 1]
           && at_.positions.data[row] == at_.positions.data[row - 1] + 1;
  }

  /// Calls `f` for each page of a block, each head of keys and each row that
  /// sees a part of it.
  template <class F>
  void each_page(const block& of, F f) const {
    auto first = of.positions.first / page_positions * page_positions;
    for (auto page = first; page < of.positions.last; page += page_positions)
      for (uint64_t head = 0; head < how_.heads; ++head)
        for (uint64_t row = 0; row < of.count; ++row) {
          auto sees = seen(of.first + row);
          position_range part{std::max(sees.first, page),
                              std::min(sees.last, page + page_positions)};
          if (part.first < part.last)
            f(row, head, part);
        }
  }

  /// The values of a head at the first position of a part of a page.
  const float* place(matrix cache, const block& of, uint64_t row, uint64_t head,
                     position_range part) const {
    return cache.row(at_.place(of.first + row, part.first)).data()
           + head * how_.size;
  }

  const row_products& by_;
  const device::attention_heads& how_;
  const cached_rows& at_;
  uint64_t asking_; ///< Query heads.
};

} // namespace

void cached_attention::attend(const row_products& by,
                              const device::attention_heads& how,
                              const cached_rows& at, matrix q, matrix k,
                              matrix v, mutable_matrix y) {
  attention_to_cache all{by, how, at};
  auto scale =
      static_cast<float>(1.0 / std::sqrt(static_cast<double>(how.size)));
  for (uint64_t first = 0; first < q.rows;) {
    auto block = all.block_from(first, q.rows);
    auto heads = block.count * how.heads * how.queries;
    queries_.resize(block.count * q.columns);
    sums_.resize(heads);
    scores_.resize(heads * block.stride);
    for (size_t i = 0; i < queries_.size(); ++i)
      queries_[i] = q.row(first).data()[i] * scale;
    all.score(block, queries_.data(), k, scores_.data());
    all.weigh(block, scores_.data(), sums_.data());
    all.add_values(block, scores_.data(), v, y);
    auto* out = y.row(first).data();
    for (uint64_t head = 0; head < heads; ++head) {
      auto factor = 1.0f / sums_[head];
      for (uint64_t c = 0; c < how.size; ++c)
        out[head * how.size + c] *= factor;
    }
    first += block.count;
  }
}

} // namespace nnactor
