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
  // Of transformers. What a neuron of some of them gives is added to what
  // others give, see `gives_sums`.
  stream = 6,      ///< Coordinates of the residual stream: sums of its inputs.
  table = 7,       ///< A vector a token, or a position, looked up.
  attention = 8,   ///< Key and value heads with their queries.
  mlp = 9,         ///< Hidden units, each with a way up and a way down.
  vocabulary = 10, ///< Tokens to be told, a row each: their logits.
  norm = 11,       ///< Coordinates of a stream, normalised: for post-norm.
};

/// How a stream is normalised by those who read it. Values are part of the
/// schemas.
enum class norm_kind : uint8_t {
  none,
  rms,   ///< x / rms(x) times a gain, arXiv 1910.07467.
  layer, ///< (x - mean) / deviation times a gain plus a shift, arXiv 1607.06450
};

struct norm_settings {
  norm_kind kind = norm_kind::none;
  double epsilon = 1e-5; ///< Added to the mean square.

  friend bool operator==(const norm_settings&, const norm_settings&) = default;
};

/// What an attention layer does; a neuron of it is a key and value head.
struct attention_settings {
  uint64_t head_size = 0; ///< Values of a head.
  uint64_t queries = 1;   ///< Heads that ask each key head: 1, or grouped.
  bool causal = true;     ///< A position sees none after itself.
  uint64_t window = 0; ///< Positions that one sees, itself among them; 0: all.
  /// Of rotary positions (arXiv 2104.09864); 0: there are none.
  double rotary_base = 0;
  double rotary_scale = 1; ///< Positions are divided by that.
  /// Of each query and key head by itself, with gains of the head's own.
  norm_kind head_norm = norm_kind::none;

  friend bool operator==(const attention_settings&,
                         const attention_settings&) = default;
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
const char* to_string(norm_kind kind);
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
         || kind >= layer_kind::sparse;
}

/// Whether every neuron of such a layer gives a value for each column of it,
/// and what they give is added up by the stream that reads it.
constexpr bool gives_sums(layer_kind kind) {
  return kind == layer_kind::table || kind == layer_kind::attention
         || kind == layer_kind::mlp;
}

/// Whether a neuron of such a layer is a coordinate of the residual stream.
constexpr bool is_coordinate(layer_kind kind) {
  return kind == layer_kind::stream || kind == layer_kind::norm;
}

/// Whether such a layer reads a stream, all of it, as the stream's norm makes
/// it.
constexpr bool reads_norm(layer_kind kind) {
  return kind == layer_kind::attention || kind == layer_kind::mlp
         || kind == layer_kind::vocabulary || kind == layer_kind::norm;
}

/// Whether a neuron of a layer is connected with the same one of what it reads,
/// coordinate by coordinate, and with no other.
constexpr bool is_parallel(layer_kind reader, layer_kind from) {
  return reader == layer_kind::stream && is_coordinate(from);
}

/// Whether a neuron of such a layer has one weight for a column that it reads.
/// Of the others, coordinates have none, heads and hidden units have several.
constexpr bool weighs_columns(layer_kind kind) {
  return kind == layer_kind::embedding || kind == layer_kind::dense
         || kind == layer_kind::sparse || kind == layer_kind::vocabulary;
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
  /// Whether it is weights for what the neuron reads or gives; else it is
  /// one value for a value that the neuron computes, and weight decay leaves it
  /// alone.
  bool multiplies = true;
  float start = 0;   ///< Before training, where it does not multiply.
  uint64_t rows = 1; ///< Rows that a neuron has of it, `columns` together.
};

/// One layer of a network. Its output for one time step of a row of the data is
/// a row of `width` values. Where neurons have columns of their own, value `p`
/// of its `u`-th neuron is column `u * positions + p`; where they give sums
/// (`gives_sums`), each gives a value for every column.
struct layer {
  std::string name;
  layer_kind kind = layer_kind::dense;
  activation act = activation::none;
  uint64_t units = 0;           ///< Neurons; 0 for input and losses.
  uint64_t positions = 1;       ///< Values each neuron gives per example.
  uint64_t width = 0;           ///< Columns.
  uint64_t tokens = 0;          ///< Input: number of tokens, 0 for real values.
  uint64_t row_width = 0;       ///< Columns that a neuron has weights for.
  bool bias = false;            ///< Whether what it computes has a bias.
  neuron_id first = 0;          ///< Id of its first neuron.
  std::vector<layer_id> inputs; ///< Layers it reads, concatenated in order.
  std::string label = {};       ///< Of a type of neurons; may be empty.
  /// Time steps between an input and what is read of it, by input; empty where
  /// nothing is delayed. Before the first time step, a layer gives zeros.
  std::vector<uint32_t> delays = {};
  sparsity sparse = {};              ///< Of a sparse layer.
  norm_settings norm = {};           ///< Of a stream.
  attention_settings attention = {}; ///< Of an attention layer.
  bool gated = false;                ///< Mlp: act(gate) * up, not act(up).
  bool by_position = false;          ///< Table: of positions, not of tokens.
  /// Table: its rows are those of the vocabulary, and it has no neurons of its
  /// own (arXiv 1608.05859).
  bool tied = false;
  double dropout = 0; ///< Stream: of what layers that give sums add to it.

  /// @param input Index into `inputs`.
  uint32_t delay_of(size_t input) const {
    return delays.empty() ? 0 : delays[input];
  }

  neuron_set neurons() const {
    return neuron_set::range(first, first + units);
  }

  /// Rows that its output has beside those of the data: a stream sends gain and
  /// shift of its norm along, so that whoever normalises a row has them.
  uint64_t norm_rows() const {
    return static_cast<uint64_t>(norm.kind);
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
  uint64_t width = 0;   ///< Of a table: that of the stream it is for.
  bool bias = false;    ///< Of stream, attention and mlp.
  norm_settings norm = {};
  attention_settings attention = {};
  bool gated = false;
  bool by_position = false;
  bool tied = false;
  double dropout = 0;
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
  uint32_t context = 1;      ///< Rows of an example: its positions.

  /// See `network::answers`.
  uint64_t answers() const {
    return uint64_t{time_steps} * context;
  }
};

/// A graph of layers: the input first, the loss last, reading exactly one
/// layer. Without its delayed connections it is acyclic and in topological
/// order. All layers compute every time step of an example; only delayed
/// connections lead from one to a later one.
struct network {
  std::vector<layer> layers;
  uint32_t time_steps = 1; ///< Of an example; no state goes beyond it.
  /// Consecutive rows that are an example: the positions of a sequence. Only
  /// attention looks from one to another.
  uint32_t context = 1;

  uint64_t neuron_count() const;
  uint64_t parameter_count() const;

  /// Rows of output that an example has: one a time step or a position.
  uint64_t answers() const {
    return uint64_t{time_steps} * context;
  }

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
