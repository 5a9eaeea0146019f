#pragma once

#include "support/transformer_layers.hpp"

#include "nnactor/engine/parameters.hpp"
#include "nnactor/engine/settings.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nnactor {

/// A transformer computed and trained in double precision, on a tape that
/// gradients follow from. It knows no devices, groups or partitions. What the
/// engine computes is compared with this.
///
/// Rows of inputs i32 [rows, 1] and targets i32 [rows, 1] are tokens; each
/// `network.context` consecutive ones are an example. Losses are means over
/// rows. Throws `std::invalid_argument` for what it cannot compute: dropout, a
/// window that is not causal, layers and losses that are not of transformers.
///
/// Rows of a table that is tied are parameters of the vocabulary, and of
/// nothing else: their gradient is that of both uses.
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

private:
  /// One parameter of a layer and what its optimizer keeps of it.
  struct learnt {
    double_matrix value;
    double_matrix gradient;
    double_matrix mean;   ///< Adam's, or the velocity of sgd.
    double_matrix square; ///< Adam's.
    bool multiplies = true;
  };

  parameter_quantities parameters_on(tape& on) const;

  /// Calls `f` with a value here and the one that a set has of it.
  void for_each_value(const std::vector<parameter_set>& xs,
                      const std::function<void(double&, double)>& f);
  double clip_factor() const;
  void update(learnt& x, double factor) const;

  network net_;
  train_settings how_;
  std::map<parameter_name, learnt> learnt_;
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
