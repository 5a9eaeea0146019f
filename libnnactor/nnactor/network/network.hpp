#pragma once

#include "nnactor/error.hpp"
#include "nnactor/network/activation.hpp"
#include "nnactor/neuron/neuron_set.hpp"
#include "nnactor/origin.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

using layer_id = uint32_t;

/// Values are part of the schemas.
enum class layer_kind : uint8_t {
  input = 0,                 ///< The data: values or tokens, no neurons.
  embedding = 1,             ///< A table row a neuron, looked up by token.
  dense = 2,                 ///< activation(x W^T + b), a row of W a neuron.
  softmax_cross_entropy = 3, ///< Loss on class labels, no neurons.
  mean_squared_error = 4,    ///< Loss on target values, no neurons.
  sparse = 5,                ///< As dense, but a neuron reads few columns.
};

/// Which columns the neurons of a sparse layer read. Values are part of the
/// schemas.
enum class connection_pattern : uint8_t {
  random,    ///< Any, equally likely.
  clustered, ///< Mostly those of neurons in the same cluster.
};

/// The connections of a sparse layer, see `sparse_connections`.
struct sparsity {
  uint32_t degree = 0; ///< Columns that each neuron reads.
  connection_pattern pattern = connection_pattern::random;
  uint32_t clusters = 1; ///< That all neurons are dealt to, by their ids.
  double inside = 0.9;   ///< Share of the connections drawn inside a cluster.
  uint64_t seed = 1;

  friend bool operator==(const sparsity&, const sparsity&) = default;
};

const char* to_string(layer_kind kind);
const char* to_string(activation act);
const char* to_string(connection_pattern pattern);

/// Reads the name that `to_string` gives, nothing for any other word.
std::optional<layer_kind> layer_kind_from(std::string_view name);
std::optional<activation> activation_from(std::string_view name);

/// All names that `layer_kind_from` and `activation_from` know.
std::vector<std::string> layer_kind_names();
std::vector<std::string> activation_names();

/// Whether a layer of that kind has neurons.
constexpr bool has_neurons(layer_kind kind) {
  return kind == layer_kind::embedding || kind == layer_kind::dense
         || kind == layer_kind::sparse;
}

/// Whether a layer of that kind ends a network.
constexpr bool is_loss(layer_kind kind) {
  return kind == layer_kind::softmax_cross_entropy
         || kind == layer_kind::mean_squared_error;
}

/// A matrix of parameters of a layer: a row a neuron. Whoever keeps, counts,
/// saves or sends parameters asks a layer for these.
struct layer_parameter {
  std::string name;     ///< At rest, too: "weight", "bias".
  uint64_t columns = 0; ///< Values of a neuron.
  /// Whether it is one weight for each column that a neuron reads; else it is
  /// added to what the neuron computes, and weight decay leaves it alone.
  bool multiplies = true;
};

/// One layer of a network. Its output for one time step of an example is a row
/// of `width` values, neuron by neuron: value `p` of its `u`-th neuron is
/// column `u * positions + p`.
struct layer {
  std::string name;
  layer_kind kind = layer_kind::dense;
  activation act = activation::none;
  uint64_t units = 0;           ///< Neurons; 0 for input and losses.
  uint64_t positions = 1;       ///< Values each neuron gives per example.
  uint64_t width = 0;           ///< Values per example, `units * positions`.
  uint64_t tokens = 0;          ///< Input: number of tokens, 0 for real values.
  uint64_t row_width = 0;       ///< Weights per neuron, 0 for input and losses.
  bool bias = false;            ///< Whether each neuron has a bias.
  neuron_id first = 0;          ///< Id of its first neuron.
  std::vector<layer_id> inputs; ///< Layers it reads, concatenated in order.
  std::string label = {};       ///< Of a type of neurons; may be empty.
  /// Time steps between an input and what is read of it, by input; empty where
  /// nothing is delayed. Before the first time step, a layer gives zeros.
  std::vector<uint32_t> delays = {};
  sparsity sparse = {}; ///< Of a sparse layer.

  /// @param input Index into `inputs`.
  uint32_t delay_of(size_t input) const {
    return delays.empty() ? 0 : delays[input];
  }

  neuron_set neurons() const {
    return neuron_set::range(first, first + units);
  }

  /// Empty for input and losses. The order is that of sums over parameters.
  std::vector<layer_parameter> parameter_rows() const;

  /// Values that a neuron has of all of them.
  uint64_t parameters_per_neuron() const;

  uint64_t parameters() const {
    return units * parameters_per_neuron();
  }

  friend bool operator==(const layer&, const layer&) = default;
};

/// What a user writes of a layer; see configs/README.md.
struct layer_description {
  std::string name;
  layer_kind kind = layer_kind::dense;
  activation act = activation::none;
  uint64_t units = 0; ///< 0: as many as the data has classes or targets.
  std::vector<std::string> inputs; ///< Empty: the layer written before.
  origin where;
  std::string label = {}; ///< Of a type of neurons; may be empty.
  /// Time steps, at least 1, by the name of an input. What is not named is
  /// read undelayed.
  std::vector<std::pair<std::string, uint32_t>> delays = {};
  sparsity sparse = {}; ///< Of a sparse layer.
};

/// What a user writes of a network.
struct network_description {
  std::vector<layer_description> layers; ///< Without input and loss.
  layer_kind loss = layer_kind::softmax_cross_entropy;
  origin where;
};

/// What the data fixes of a network.
struct data_shape {
  uint64_t input_width = 0;  ///< Values or tokens per time step.
  uint64_t tokens = 0;       ///< Number of tokens, 0 for real values.
  uint64_t output_width = 0; ///< Classes, or target values per time step.
  uint32_t time_steps = 1;   ///< Of an example.
};

/// A graph of layers: the input first, the loss last, reading exactly one
/// layer. Without its delayed connections it is acyclic and in topological
/// order. All layers compute every time step of an example; only delayed
/// connections lead from one to a later one.
struct network {
  std::vector<layer> layers;
  uint32_t time_steps = 1; ///< Of an example; no state goes beyond it.

  uint64_t neuron_count() const;
  uint64_t parameter_count() const;
  const layer& loss() const {
    return layers.back();
  }

  /// The layer whose values are the network's output.
  const layer& output() const {
    return layers[loss().inputs.front()];
  }

  /// Returns the layer of a neuron.
  /// @pre `id < neuron_count()`
  layer_id layer_of(neuron_id id) const;

  /// Returns the layer of that name.
  result<layer_id> find(const std::string& name) const;
};

/// Checks a description against the data and lays out ids and shapes. Fails
/// with `ec::invalid_network` naming the place, the layer and the two shapes
/// that do not fit, or the cycle of layers that need each other at once. Layers
/// keep the order in which they are written as far as their inputs allow.
result<network> build_network(const network_description& what,
                              const data_shape& data);

/// Returns the first column that layer `producer` has in the concatenated
/// inputs of `consumer`, nothing if `consumer` does not read it.
std::optional<uint64_t> column_offset(const network& net, layer_id consumer,
                                      layer_id producer);

/// Returns the number of columns that the inputs of a layer have together.
uint64_t input_width(const network& net, layer_id id);

/// Where a column of a layer's concatenated inputs comes from.
struct column_source {
  layer_id layer = 0;
  std::optional<neuron_id> neuron; ///< Nothing for a column of the data.
  uint64_t position = 0; ///< Value of the neuron, or column of the data.
};

/// @pre `column < input_width(net, reader)`
column_source source_of(const network& net, layer_id reader, uint64_t column);

/// Returns the column of the concatenated inputs of `consumer` that has value
/// `position` of neuron `source`: the offset of its layer plus
/// `(source - first) * positions + position`. Nothing if `consumer` does not
/// read that layer.
std::optional<uint64_t> column_of(const network& net, layer_id consumer,
                                  neuron_id source, uint64_t position);

} // namespace nnactor
