#include "nnactor/device/cpu/cached_attention.hpp"

#include "nnactor/device/cpu/score_row.hpp"
#include "nnactor/device/seen_positions.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

/// Scores of a block, so that they stay in a cache beside keys and values.
constexpr uint64_t most_scores = 65536;

/// Rows of a block at most, for which the keys of a page are read once.
constexpr uint64_t most_rows = 16;

constexpr uint64_t rounded_down(uint64_t x, uint64_t to) {
  return x - x % to;
}

/// Rows of one text that follow each other, and some heads of keys.
struct row_block {
  uint64_t first, count;    ///< Rows.
  position_range positions; ///< That any of them sees, from a whole page on.
  uint64_t first_head, heads;

  /// Of each query, one after the other, with room to fill up lanes.
  uint64_t scores() const {
    return rounded_down(positions.last - positions.first + 2 * lanes - 1,
                        lanes);
  }
};

/// What one call is asked for. Queries, their scores and what they get come
/// head of keys after head of keys, and for each of these row after row: all
/// that ask the same keys are one matrix.
class attention_to_cache {
public:
  attention_to_cache(const row_products& by, const device::attention_heads& how,
                     const cached_rows& at)
      : by_(by), how_(how), at_(at) {
  }

  /// Calls `f` for each block of `rows` rows.
  template <class F>
  void each_block(uint64_t rows, F f) const {
    for (uint64_t first = 0; first < rows;) {
      auto of = block_from(first, rows);
      // Of one row, as many heads as there are lie side by side.
      auto most =
          std::max<uint64_t>(most_scores / (asking(of) * of.scores()), 1);
      for (; of.first_head < how_.heads; of.first_head += of.heads) {
        of.heads = std::min(most, how_.heads - of.first_head);
        f(of);
      }
      first += of.count;
    }
  }

  /// Queries of all rows and heads.
  uint64_t asking(const row_block& of) const {
    return of.count * of.heads * how_.queries;
  }

  /// Copies a block's queries, times the factor of scores.
  void gather(const row_block& of, matrix q, float* queries) const {
    auto scale =
        static_cast<float>(1.0 / std::sqrt(static_cast<double>(how_.size)));
    each_head(of, [&](uint64_t row, uint64_t head, uint64_t index) {
      const auto* from = q.row(of.first + row).data() + head * how_.size;
      for (uint64_t c = 0; c < how_.size; ++c)
        queries[index * how_.size + c] = from[c] * scale;
    });
  }

  /// The products of all queries of a block and the keys they see.
  /// @param page Memory for the keys of one head in a page.
  void score(const row_block& of, const float* queries, matrix k, float* page,
             float* scores) const {
    each_part(of, [&](const page_part& part) {
      spaced_rows<const float> keys{part.data_in(k), k.columns};
      if (of.count > 1) {
        for (uint64_t i = 0; i < part.count; ++i)
          std::copy_n(keys.row(i), how_.size, page + i * how_.size);
        keys = {page, how_.size};
      }
      by_.multiply(
          {.x = {queries + part.index * how_.size, how_.size},
           .w = keys,
           .z = {scores + part.index * of.scores() + part.score, of.scores()},
           .m = part.asking,
           .n = part.count,
           .k = how_.size});
    });
  }

  /// Scores become exponentials, whose sums are kept.
  void weigh(const row_block& of, float* scores, float* sums) const {
    each_head(of, [&](uint64_t row, uint64_t, uint64_t index) {
      auto sees = seen(of.first + row);
      auto count = sees.last - sees.first;
      auto* first =
          scores + index * of.scores() + sees.first - of.positions.first;
      auto padded = rounded_down(count + lanes - 1, lanes);
      sums[index] = to_exponentials({first, 0, count, padded}).sum;
    });
  }

  /// The values that a block sees, weighed by its scores.
  void add_values(const row_block& of, const float* scores, matrix v,
                  float* out) const {
    std::fill_n(out, asking(of) * how_.size, 0.0f);
    each_part(of, [&](const page_part& part) {
      by_.add_up(
          {.z = {scores + part.index * of.scores() + part.score, of.scores()},
           .w = {part.data_in(v), v.columns},
           .x = {out + part.index * how_.size, how_.size},
           .m = part.asking,
           .n = how_.size,
           .k = part.count,
           .accumulate = true});
    });
  }

  void scatter(const row_block& of, const float* sums, const float* values,
               mutable_matrix y) const {
    each_head(of, [&](uint64_t row, uint64_t head, uint64_t index) {
      auto* to = y.row(of.first + row).data() + head * how_.size;
      auto factor = 1.0f / sums[index];
      for (uint64_t c = 0; c < how_.size; ++c)
        to[c] = values[index * how_.size + c] * factor;
    });
  }

private:
  /// As many rows from `first` on, of `rows`, as a block can have, and one
  /// head.
  row_block block_from(uint64_t first, uint64_t rows) const {
    auto sees = seen(first);
    auto page = rounded_down(sees.first, page_positions);
    row_block out{first, 1, {page, sees.last}, 0, 1};
    while (out.count < most_rows && first + out.count < rows
           && follows(first + out.count)) {
      auto longer = out;
      ++longer.count;
      ++longer.positions.last;
      if (asking(longer) * longer.scores() > most_scores)
        break;
      out = longer;
    }
    return out;
  }

  /// A part of a page that some rows see, and a head.
  struct page_part {
    uint64_t index;  ///< Of the first of these queries.
    uint64_t asking; ///< Queries.
    uint64_t place;  ///< Row of the cache.
    uint64_t column;
    uint64_t score; ///< Of the first position, in a row of scores.
    uint64_t count; ///< Positions.

    const float* data_in(matrix cache) const {
      return cache.row(place).data() + column;
    }
  };

  position_range seen(uint64_t row) const {
    auto position = static_cast<uint64_t>(at_.positions.data[row]);
    return seen_positions(position, position + 1, true, how_.window);
  }

  /// Whether a row is the next position of the text of the row before.
  bool follows(uint64_t row) const {
    return at_.first_page.data[row] == at_.first_page.data[row - 1]
           && at_.positions.data[row] == at_.positions.data[row - 1] + 1;
  }

  /// Calls `f` for each row and query head, with the index of that query.
  template <class F>
  void each_head(const row_block& of, F f) const {
    for (uint64_t head = 0; head < of.heads * how_.queries; ++head)
      for (uint64_t row = 0; row < of.count; ++row) {
        auto before = head / how_.queries * of.count + row;
        f(row, of.first_head * how_.queries + head,
          before * how_.queries + head % how_.queries);
      }
  }

  position_range seen_of_page(const row_block& of, uint64_t row,
                              uint64_t page) const {
    auto sees = seen(of.first + row);
    return {std::max(sees.first, page),
            std::min(sees.last, page + page_positions)};
  }

  /// Calls `f` for each page of a block, all rows at once that see the same
  /// part of it, and each head of keys.
  template <class F>
  void each_part(const row_block& of, F f) const {
    for (auto page = of.positions.first; page < of.positions.last;
         page += page_positions)
      for (uint64_t row = 0, next = 0; row < of.count; row = next) {
        auto sees = seen_of_page(of, row, page);
        for (next = row + 1; next < of.count; ++next) {
          auto other = seen_of_page(of, next, page);
          if (other.first != sees.first || other.last != sees.last)
            break;
        }
        if (sees.first >= sees.last)
          continue;
        auto place = at_.place(of.first, sees.first);
        for (uint64_t head = 0; head < of.heads; ++head)
          f({(head * of.count + row) * how_.queries,
             (next - row) * how_.queries, place,
             (of.first_head + head) * how_.size,
             sees.first - of.positions.first, sees.last - sees.first});
      }
  }

  const row_products& by_;
  const device::attention_heads& how_;
  const cached_rows& at_;
};

} // namespace

void cached_attention::attend(const row_products& by,
                              const device::attention_heads& how,
                              const cached_rows& at, matrix q, matrix k,
                              matrix v, mutable_matrix y) {
  attention_to_cache all{by, how, at};
  page_.resize(page_positions * how.size);
  all.each_block(q.rows, [&](const row_block& block) {
    auto asking = all.asking(block);
    queries_.resize(asking * how.size);
    values_.resize(asking * how.size);
    scores_.resize(asking * block.scores());
    sums_.resize(asking);
    all.gather(block, q, queries_.data());
    all.score(block, queries_.data(), k, page_.data(), scores_.data());
    all.weigh(block, scores_.data(), sums_.data());
    all.add_values(block, scores_.data(), v, values_.data());
    all.scatter(block, sums_.data(), values_.data(), y);
  });
}

} // namespace nnactor
