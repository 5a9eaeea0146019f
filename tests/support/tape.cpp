#include "support/tape.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace nnactor {

namespace {

double_matrix transpose(const double_matrix& x) {
  double_matrix y{x.columns, x.rows};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t j = 0; j < x.columns; ++j)
      y.at(j, i) = x.at(i, j);
  return y;
}

double_matrix multiply(const double_matrix& x, const double_matrix& y) {
  if (x.columns != y.rows)
    throw std::logic_error("a product of matrices that do not fit");
  double_matrix z{x.rows, y.columns};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t k = 0; k < x.columns; ++k)
      for (size_t j = 0; j < y.columns; ++j)
        z.at(i, j) += x.at(i, k) * y.at(k, j);
  return z;
}

/// f of each value of x and the value of y in its place; a y of one row, or of
/// one column, is repeated.
template <class F>
double_matrix combine(const double_matrix& x, const double_matrix& y, F f) {
  if ((y.rows != 1 && y.rows != x.rows)
      || (y.columns != 1 && y.columns != x.columns))
    throw std::logic_error("matrices of different shapes");
  double_matrix z{x.rows, x.columns};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t j = 0; j < x.columns; ++j)
      z.at(i, j) =
          f(x.at(i, j), y.at(y.rows == 1 ? 0 : i, y.columns == 1 ? 0 : j));
  return z;
}

/// The gradient of what `combine` repeats, from that of the repeated.
double_matrix gather(const double_matrix& dy, const double_matrix& y) {
  double_matrix sum{y.rows, y.columns};
  for (size_t i = 0; i < dy.rows; ++i)
    for (size_t j = 0; j < dy.columns; ++j)
      sum.at(y.rows == 1 ? 0 : i, y.columns == 1 ? 0 : j) += dy.at(i, j);
  return sum;
}

double_matrix map(const double_matrix& x, const tape::real_function& f) {
  auto y = x;
  std::ranges::transform(y.values, y.values.begin(), f);
  return y;
}

} // namespace

quantity tape::given(double_matrix x) {
  return record(std::move(x), [](const double_matrix&) {});
}

quantity tape::part(quantity x, size_t first, size_t rows, size_t columns) {
  double_matrix y{rows, columns};
  auto begin = value(x).values.begin() + static_cast<ptrdiff_t>(first);
  std::copy_n(begin, rows * columns, y.values.begin());
  return record(std::move(y), [=, this](const double_matrix& dy) {
    double_matrix dx{value(x).rows, value(x).columns};
    std::ranges::copy(dy.values,
                      dx.values.begin() + static_cast<ptrdiff_t>(first));
    pass_back(x, dx);
  });
}

quantity tape::transposed(quantity x) {
  return record(transpose(value(x)), [=, this](const double_matrix& dy) {
    pass_back(x, transpose(dy));
  });
}

quantity tape::product(quantity x, quantity y) {
  auto z = multiply(value(x), value(y));
  return record(std::move(z), [=, this](const double_matrix& dz) {
    pass_back(x, multiply(dz, transpose(value(y))));
    pass_back(y, multiply(transpose(value(x)), dz));
  });
}

quantity tape::sum(quantity x, quantity y) {
  auto z = combine(value(x), value(y), std::plus{});
  return record(std::move(z), [=, this](const double_matrix& dz) {
    pass_back(x, dz);
    pass_back(y, gather(dz, value(y)));
  });
}

quantity tape::times(quantity x, quantity y) {
  auto z = combine(value(x), value(y), std::multiplies{});
  return record(std::move(z), [=, this](const double_matrix& dz) {
    pass_back(x, combine(dz, value(y), std::multiplies{}));
    pass_back(y, gather(combine(dz, value(x), std::multiplies{}), value(y)));
  });
}

quantity tape::mapped(quantity x, const real_function& f, real_function slope) {
  return record(map(value(x), f), [=, this](const double_matrix& dy) {
    pass_back(x, combine(dy, map(value(x), slope), std::multiplies{}));
  });
}

void tape::differentiate(quantity y) {
  pass_back(y, double_matrix{1, 1, 1.0});
  for (auto i = steps_.size(); i-- > 0;)
    if (steps_[i].gradient)
      steps_[i].back(*steps_[i].gradient);
}

double_matrix tape::gradient(quantity x) const {
  const auto& [y, dy, back] = steps_[x];
  return dy ? *dy : double_matrix{y.rows, y.columns};
}

quantity tape::record(double_matrix y, backwards back) {
  steps_.push_back({std::move(y), std::nullopt, std::move(back)});
  return steps_.size() - 1;
}

void tape::pass_back(quantity x, const double_matrix& dx) {
  auto& sum = steps_[x].gradient;
  sum = sum ? combine(*sum, dx, std::plus{}) : dx;
}

quantity scaled(tape& on, quantity x, double by) {
  return on.times(x, on.given({1, 1, by}));
}

quantity row_sums(tape& on, quantity x) {
  return on.product(x, on.given({on.value(x).columns, 1, 1.0}));
}

quantity row_means(tape& on, quantity x) {
  return scaled(on, row_sums(on, x),
                1 / static_cast<double>(on.value(x).columns));
}

quantity power(tape& on, quantity x, double exponent) {
  return on.mapped(
      x, [=](double z) { return std::pow(z, exponent); },
      [=](double z) { return exponent * std::pow(z, exponent - 1); });
}

quantity exponential(tape& on, quantity x) {
  auto f = [](double z) { return std::exp(z); };
  return on.mapped(x, f, f);
}

quantity logarithm(tape& on, quantity x) {
  return on.mapped(
      x, [](double z) { return std::log(z); }, [](double z) { return 1 / z; });
}

quantity lowered(tape& on, quantity x, const double_matrix& seen) {
  auto below = seen;
  const auto& z = on.value(x);
  constexpr auto none = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < z.rows; ++i) {
    auto largest = none;
    for (size_t j = 0; j < z.columns; ++j)
      if (seen.at(i, j) != 0)
        largest = std::max(largest, z.at(i, j));
    for (size_t j = 0; j < z.columns; ++j)
      below.at(i, j) = seen.at(i, j) != 0 ? -largest : none;
  }
  return on.sum(x, on.given(std::move(below)));
}

quantity softmax(tape& on, quantity x, const double_matrix& seen) {
  auto weights = exponential(on, lowered(on, x, seen));
  return on.times(weights, power(on, row_sums(on, weights), -1));
}

} // namespace nnactor
