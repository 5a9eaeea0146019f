#pragma once

#include "nnactor/engine/learnable.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// What training keeps of a micro-batch between forward and accumulate.
struct kept_values {
  tensor inputs; ///< Gathered: x, or tokens.
  tensor z;      ///< Before the activation; only gelu needs it.
  tensor y;      ///< Empty after backward, as is z.
  tensor dz;     ///< Empty until backward.
};

/// The mathematics of a group: its neurons of one layer and their parameters.
/// Keeps no micro-batch; `group_program` does.
class group_layer {
public:
  /// What a group must know of a producer of its inputs.
  struct source {
    dtype type;
    uint64_t columns;
    bool learns;
    std::string name; ///< For errors: which input of which group this is.
    uint32_t delay;   ///< Time steps.
  };

  /// Draws the initial parameters.
  group_layer(const network& net, const group_graph& graph, group_id id,
              const train_settings& how);

  const layer& what() const {
    return what_;
  }

  /// Producers in the order of `group::upstream`.
  const std::vector<source>& sources() const {
    return sources_;
  }

  /// Computes y and, where `keep_z` and the activation ask for it, keeps z.
  /// Inputs that are empty count as zeros.
  kept_values compute(device& dev, const std::vector<tensor>& inputs,
                      bool keep_z);

  /// Sums `gradients` of y in the given order, but for empty ones, and returns
  /// dz.
  tensor through_activation(device& dev, const kept_values& at,
                            const std::vector<tensor>& gradients) const;

  /// Returns the gradient of the gathered inputs, cut at the borders of the
  /// sources; empty for those that do not learn or, at this time step of the
  /// example, had not begun.
  std::vector<tensor> input_gradients(device& dev, const tensor& dz,
                                      uint32_t time);

  /// Columns of all inputs side by side.
  uint64_t gathered_columns() const;

  /// Computes y without keeping anything. Inputs that are empty count as zeros.
  /// @param gathered Space for them where there are several.
  void answer(device& dev, const std::vector<tensor>& inputs,
              mutable_matrix gathered, mutable_matrix y);

  /// The same from gathered inputs.
  /// @pre not an embedding
  void apply(device& dev, matrix x, mutable_matrix y);

  /// The parameters are others than before.
  void on_change() {
    prepared_.is_current = false;
  }

  /// Adds the gradient of the parameters.
  void accumulate(device& dev, const kept_values& at);

  /// Calls `f` with every learnable, weight first.
  template <class F>
  void each(F f) {
    f(weight_);
    if (bias_)
      f(*bias_);
  }

private:
  bool is_embedding() const {
    return what_.kind == layer_kind::embedding;
  }

  bool is_sparse() const {
    return what_.kind == layer_kind::sparse;
  }

  bool is_rounded() const {
    return rounds_ && what_.kind == layer_kind::dense;
  }

  const sparse_pattern& pattern(device& dev);
  packed_weights& packed(device& dev);
  void enter(device& dev);
  void multiply(device& dev, matrix x, mutable_matrix z);

  void initialise(const neuron_set& neurons, uint64_t seed);

  layer what_;
  uint64_t width_; ///< Columns of the group's output.
  std::vector<source> sources_;
  learnable weight_;
  std::optional<learnable> bias_;
  /// Sparse: gathered columns of every neuron's weights, which are themselves
  /// in canonical order.
  std::vector<uint32_t> columns_;
  bool rounds_; ///< What dense layers multiply, to bfloat16.

  /// What a device made of the parameters for itself.
  struct {
    const device* by = nullptr;
    packed_ptr weights;
    bool is_current = false; ///< `weights` are the present ones.
    pattern_ptr pattern;
  } prepared_;
};

} // namespace nnactor
