#pragma once

#include "nnactor/engine/layer_maths.hpp"

namespace nnactor {

/// Columns of values that a group takes.
struct column_costs {
  uint64_t fixed = 0; ///< Whatever its neurons,
  uint64_t each = 0;  ///< and for each of them.

  uint64_t of(uint64_t neurons) const {
    return fixed + each * neurons;
  }
};

/// What a layer takes, as far as its kind decides.
struct layer_costs {
  /// Operations forward, for a row at one time step: a multiplication and an
  /// addition each where it multiplies.
  double flop = 0;
  /// Whether it multiplies copies of its weights that are rounded to bfloat16.
  bool rounds = false;
  /// Whether it touches only those of its parameters that an example asks for.
  bool looks_up = false;
  /// What training keeps between forward and backward beside inputs and y,
  column_costs keeps = {};
  /// between backward and accumulate beside inputs and dz,
  column_costs leaves = {};
  /// and what backward takes for as long as it runs; see `kept_values`.
  column_costs passes = {};
  column_costs widest = {}; ///< Of its tensors, if that is not y.
  bool keeps_y = false;
  layer_maths::until inputs = layer_maths::until::accumulate;
  /// Whether the kernels turn what they read and write on its side.
  bool turns = false;
  uint64_t index_bytes = 0; ///< That a neuron takes beside its parameters.
};

/// All that the engine knows of a kind of layer; each is in a source of its
/// name, and what it computes is `layer_maths`.
struct layer_type {
  std::unique_ptr<layer_maths> (*make)(const network& net,
                                       const group_graph& graph,
                                       const group& of,
                                       const train_settings& how);
  layer_costs (*costs)(const network& net, const layer& what,
                       const train_settings& how);
  /// See `initial_bound`.
  float (*initial_bound)(const layer& what);
};

extern const layer_type embedding_type;
extern const layer_type dense_type;
extern const layer_type sparse_type;
extern const layer_type stream_type;
extern const layer_type table_type;
extern const layer_type attention_type;
extern const layer_type mlp_type;
extern const layer_type vocabulary_type;
extern const layer_type norm_type;

/// @pre `has_neurons(kind)`
const layer_type& type_of(layer_kind kind);

inline layer_costs costs_of(const network& net, const layer& what,
                            const train_settings& how) {
  return type_of(what.kind).costs(net, what, how);
}

} // namespace nnactor
