#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <vector>

namespace nnactor {

/// Weights of one layer in neuron order.
struct reference_layer {
  std::vector<double> weight; ///< [units, row_width]
  std::vector<double> bias;   ///< [units] or empty
};

/// By `layer_id`; empty for layers without neurons.
using reference_parameters = std::vector<reference_layer>;

/// A network computed example by example and neuron by neuron in double
/// precision, straight from the formulas: no devices, groups or partitions.
/// What the engine computes is compared with this.
class reference_network {
public:
  /// Draws the same initial weights as the engine.
  reference_network(const network& net, uint64_t seed);

  reference_parameters& parameters() {
    return parameters_;
  }

  /// Returns the mean loss of some examples and their time steps.
  /// @param targets i32 labels [rows, time steps], or f32 values [rows, time
  ///        steps x outputs].
  double loss(const tensor& inputs, const tensor& targets) const;

  /// Returns the outputs of all time steps for one row of the inputs.
  std::vector<double> output(const tensor& inputs, uint64_t row) const;

  /// Returns the gradient of the mean loss, shaped like the parameters.
  reference_parameters gradient(const tensor& inputs,
                                const tensor& targets) const;

private:
  /// Values of every layer at one time step of an example.
  struct moment {
    std::vector<int32_t> tokens;
    std::vector<std::vector<double>> z; ///< By layer, before the activation.
    std::vector<std::vector<double>> y; ///< By layer.
  };

  /// By time step.
  using example = std::vector<moment>;

  /// By time step and layer.
  using gradients = std::vector<std::vector<std::vector<double>>>;

  example compute(const tensor& inputs, uint64_t row) const;
  void compute_next(example& at) const;
  std::vector<double> inputs_of(const example& at, size_t time,
                                const layer& x) const;
  void add_gradient(const example& at, size_t time, gradients& dy,
                    reference_parameters& sum) const;

  /// Columns that the weights of a neuron belong to.
  const std::vector<uint64_t>& columns_of(layer_id id, uint64_t unit) const;

  network net_;
  reference_parameters parameters_;
  /// By layer and unit; one for all units where they read the same.
  std::vector<std::vector<std::vector<uint64_t>>> columns_;
};

/// Trains a reference network: optimizers, clipping and schedule as settings
/// say, batches in one piece.
class reference_trainer {
public:
  reference_trainer(const network& net, const train_settings& how);

  /// One update; returns the mean loss before it.
  double step(const tensor& inputs, const tensor& targets);

  reference_network& model() {
    return model_;
  }

private:
  /// One value of the optimizer's formulas.
  struct moments {
    double m = 0;
    double v = 0;
  };

  void update(std::vector<double>& w, const std::vector<double>& g,
              std::vector<moments>& state, double decay);

  train_settings how_;
  reference_network model_;
  std::vector<std::vector<moments>> weights_; ///< By layer.
  std::vector<std::vector<moments>> biases_;  ///< By layer.
  uint64_t step_ = 0;
};

} // namespace nnactor
