#pragma once

#include "nnactor/engine/parameters.hpp"
#include "nnactor/engine/settings.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
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

/// A transformer computed and trained in double precision: a tape of a few
/// operations on whole matrices, of which everything else is made, and which
/// gradients follow from. It knows no devices, groups or partitions. What the
/// engine computes is compared with this.
///
/// Rows of inputs i32 [rows, 1] and targets i32 [rows, 1] are tokens; each
/// `network.context` consecutive ones are an example. Losses are means over
/// rows. Throws `std::invalid_argument` for what it cannot compute: dropout, a
/// window that is not causal, layers and losses that are not of transformers.
class transformer_reference {
public:
  /// @param initial Every parameter of every neuron, in sets of any split;
  ///        what else is in them, such as state of optimizers, is left alone.
  transformer_reference(const network& net, const train_settings& how,
                        const std::vector<parameter_set>& initial);

  double loss(const tensor& inputs, const tensor& targets) const;

  /// Returns probabilities [rows, tokens].
  double_matrix answer(const tensor& inputs) const;

  /// Returns the loss and keeps its gradients, changes no parameter.
  double differentiate(const tensor& inputs, const tensor& targets);

  /// Returns the loss, then updates all parameters by its gradients.
  double step(const tensor& inputs, const tensor& targets);

  /// [units, columns], by the names of a layer and of its parameter.
  double_matrix& values(const std::string& layer, const std::string& name);
  const double_matrix& values(const std::string& layer,
                              const std::string& name) const;

  /// That of the last `differentiate` or `step`, not clipped.
  const double_matrix& gradient(const std::string& layer,
                                const std::string& name) const;

  /// Returns how far parameters are from those here at most.
  double largest_difference(const std::vector<parameter_set>& xs) const;

  /// One parameter of a layer and what its optimizer keeps of it.
  struct learnt {
    double_matrix value;
    double_matrix gradient;
    double_matrix mean;   ///< Adam's, or the velocity of sgd.
    double_matrix square; ///< Adam's.
    bool multiplies = true;
  };

  /// By the names of layer and parameter.
  using learnt_parameters =
      std::map<std::pair<std::string, std::string>, learnt>;

private:
  /// Calls `f` with a value here and the one that a set has of it.
  void for_each_value(const std::vector<parameter_set>& xs,
                      const std::function<void(double&, double)>& f);
  double clip_factor() const;
  void update(learnt& x, double factor) const;

  network net_;
  train_settings how_;
  learnt_parameters learnt_;
  uint64_t step_ = 0;
};

/// Returns parameters drawn from a seed, none of which is what training starts
/// from: biases that are not 0, gains that are not 1. A set for each part and
/// layer; values do not depend on the partition.
std::vector<parameter_set> drawn_parameters(const network& net, uint64_t seed,
                                            const partition& parts);

/// The same in one part.
std::vector<parameter_set> drawn_parameters(const network& net, uint64_t seed);

} // namespace nnactor
