#include "nnactor/device/cpu/host_device.hpp"
#include "nnactor/device/seen_positions.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nnactor {

namespace {

/// One query of one head: where it stands and what it sees, as rows of the
/// matrices.
struct query {
  uint64_t row;
  uint64_t head;     ///< Of queries.
  uint64_t key_head; ///< Which it asks.
  position_range sees;
};

/// Calls `f` for the queries of all heads, row after row in each sequence.
template <class F>
void each_query(const device::attention_heads& how, uint64_t rows, F f) {
  for (uint64_t start = 0; start < rows; start += how.context) {
    auto length = std::min<uint64_t>(how.context, rows - start);
    for (uint64_t head = 0; head < how.heads * how.queries; ++head)
      for (uint64_t i = 0; i < length; ++i) {
        auto sees = seen_positions(i, length, how.causal, how.window);
        f(query{start + i,
                head,
                head / how.queries,
                {start + sees.first, start + sees.last}});
      }
  }
}

template <class T>
T* head_of(matrix_view<T> x, uint64_t row, uint64_t head, uint64_t size) {
  return x.row(row).data() + head * size;
}

// Sums run in double precision, as those of the dense layers.

double dot(const float* x, const float* y, uint64_t count) {
  auto sum = 0.0;
  for (uint64_t i = 0; i < count; ++i)
    sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

/// The query's products with the keys that it sees, over sqrt(size).
/// @param row_of Returns where the keys of a position are.
template <class F>
void score(const device::attention_heads& how, const query& at, matrix q,
           matrix k, F row_of, std::vector<double>& scores) {
  auto scale = 1.0 / std::sqrt(static_cast<double>(how.size));
  const auto* asking = head_of(q, at.row, at.head, how.size);
  scores.clear();
  for (auto p = at.sees.first; p < at.sees.last; ++p)
    scores.push_back(
        scale
        * dot(asking, head_of(k, row_of(p), at.key_head, how.size), how.size));
}

/// y += factor x
void add_scaled(double factor, const float* x, double* y, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    y[i] += factor * static_cast<double>(x[i]);
}

/// A matrix of sums, to be rounded once.
struct wide_matrix {
  explicit wide_matrix(mutable_matrix of)
      : to(of), values(of.rows * of.columns) {
  }

  double* head(uint64_t row, uint64_t head, uint64_t size) {
    return values.data() + row * to.columns + head * size;
  }

  void round() {
    std::ranges::transform(values, to.data,
                           [](double x) { return static_cast<float>(x); });
  }

  mutable_matrix to;
  std::vector<double> values;
};

/// What a query finds; returns the logarithm of the sum of its exponentials.
/// @param row_of See `score`.
template <class F>
double find(const device::attention_heads& how, const query& at, matrix q,
            matrix k, matrix v, F row_of, wide_matrix& out) {
  std::vector<double> scores;
  score(how, at, q, k, row_of, scores);
  auto largest = *std::ranges::max_element(scores);
  auto sum = 0.0;
  for (auto& x : scores)
    sum += x = std::exp(x - largest);
  auto* to = out.head(at.row, at.head, how.size);
  for (size_t i = 0; i < scores.size(); ++i)
    add_scaled(scores[i] / sum,
               head_of(v, row_of(at.sees.first + i), at.key_head, how.size), to,
               how.size);
  return largest + std::log(sum);
}

/// Where sequences lie one after the other.
uint64_t as_it_is(uint64_t row) {
  return row;
}

} // namespace

void host_device::attend(const attention_heads& how, matrix q, matrix k,
                         matrix v, mutable_matrix y, mutable_matrix sums) {
  wide_matrix out{y};
  each_query(how, q.rows, [&](const query& at) {
    sums.row(at.row)[at.head] =
        static_cast<float>(find(how, at, q, k, v, as_it_is, out));
  });
  out.round();
}

void host_device::keep_rows(const cached_rows& at, matrix x,
                            mutable_matrix cache) {
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto position = static_cast<uint64_t>(at.positions.data[r]);
    std::ranges::copy(x.row(r), cache.row(at.place(r, position)).begin());
  }
}

void host_device::attend_cached(const attention_heads& how,
                                const cached_rows& at, matrix q, matrix k,
                                matrix v, mutable_matrix y) {
  wide_matrix out{y};
  for (uint64_t r = 0; r < q.rows; ++r) {
    auto position = static_cast<uint64_t>(at.positions.data[r]);
    auto sees = seen_positions(position, position + 1, true, how.window);
    for (uint64_t head = 0; head < how.heads * how.queries; ++head)
      find(
          how, {r, head, head / how.queries, sees}, q, k, v,
          [&](uint64_t p) { return at.place(r, p); }, out);
  }
  out.round();
}

void host_device::attend_gradient(const attention_heads& how,
                                  const attended& at, matrix dy,
                                  mutable_matrix dq, mutable_matrix dk,
                                  mutable_matrix dv) {
  auto scale = 1.0 / std::sqrt(static_cast<double>(how.size));
  std::vector<double> scores;
  wide_matrix to_q{dq}, to_k{dk}, to_v{dv};
  each_query(how, dy.rows, [&](const query& x) {
    score(how, x, at.q, at.k, as_it_is, scores);
    const auto* from = head_of(dy, x.row, x.head, how.size);
    auto mean = dot(from, head_of(at.y, x.row, x.head, how.size), how.size);
    auto sum = static_cast<double>(at.sums.row(x.row)[x.head]);
    for (size_t i = 0; i < scores.size(); ++i) {
      auto row = x.sees.first + i;
      auto share = std::exp(scores[i] - sum);
      auto slope =
          share * scale
          * (dot(from, head_of(at.v, row, x.key_head, how.size), how.size)
             - mean);
      add_scaled(share, from, to_v.head(row, x.key_head, how.size), how.size);
      add_scaled(slope, head_of(at.k, row, x.key_head, how.size),
                 to_q.head(x.row, x.head, how.size), how.size);
      add_scaled(slope, head_of(at.q, x.row, x.head, how.size),
                 to_k.head(row, x.key_head, how.size), how.size);
    }
  });
  to_q.round();
  to_k.round();
  to_v.round();
}

} // namespace nnactor
