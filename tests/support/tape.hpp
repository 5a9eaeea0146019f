#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace nnactor {

/// Row-major, in double precision.
struct double_matrix {
  double_matrix() = default;

  double_matrix(size_t r, size_t c, double x = 0)
      : rows(r), columns(c), values(r * c, x) {
  }

  double& at(size_t row, size_t column) {
    return values[row * columns + column];
  }

  double at(size_t row, size_t column) const {
    return values[row * columns + column];
  }

  size_t rows = 0;
  size_t columns = 0;
  std::vector<double> values;
};

/// Something that a tape has computed.
using quantity = size_t;

/// Records what is computed, so that gradients can be found by going back
/// through it: reverse-mode automatic differentiation.
class tape {
public:
  using real_function = std::function<double(double)>;

  tape() = default;
  tape(const tape&) = delete;
  tape& operator=(const tape&) = delete;

  quantity given(double_matrix x);

  /// Consecutive values of x, as a matrix of their own.
  quantity part(quantity x, size_t first, size_t rows, size_t columns);

  quantity transposed(quantity x);
  quantity product(quantity x, quantity y);

  /// x + y; a y of one row, or of one column, is repeated.
  quantity sum(quantity x, quantity y);

  /// x * y value by value, y repeated as in `sum`.
  quantity times(quantity x, quantity y);

  /// @param slope The derivative of `f`.
  quantity mapped(quantity x, const real_function& f, real_function slope);

  const double_matrix& value(quantity x) const {
    return steps_[x].value;
  }

  /// Finds the gradients of a single value.
  void differentiate(quantity y);

  /// Returns what `differentiate` has found for x, 0 if nothing depends on it.
  double_matrix gradient(quantity x) const;

private:
  using backwards = std::function<void(const double_matrix&)>;

  struct step {
    double_matrix value;
    std::optional<double_matrix> gradient;
    backwards back; ///< Passes the gradient on to what it was computed from.
  };

  quantity record(double_matrix y, backwards back);
  void pass_back(quantity x, const double_matrix& dx);

  std::deque<step> steps_; ///< References to them stay valid.
};

// What is made of these operations.

quantity scaled(tape& on, quantity x, double by);

/// Sums over each row.
quantity row_sums(tape& on, quantity x);
quantity row_means(tape& on, quantity x);

/// x^exponent, for x above 0
quantity power(tape& on, quantity x, double exponent);

quantity exponential(tape& on, quantity x);
quantity logarithm(tape& on, quantity x);

/// Subtracts from each row its largest value, which is a constant to gradients:
/// of use where adding anything to a row changes nothing. Where `seen` is 0,
/// the logarithm of 0 is left.
quantity lowered(tape& on, quantity x, const double_matrix& seen);

/// Of each row, over the columns where `seen` is not 0.
quantity softmax(tape& on, quantity x, const double_matrix& seen);

} // namespace nnactor
