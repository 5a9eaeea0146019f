#pragma once

#include "nnactor/network/network.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// What a user writes of all layers of a transformer together
/// (arXiv 1706.03762). A block is attention and then an mlp, each of which
/// reads the normalised stream and adds to it: to what it was before the norm
/// (pre-norm, arXiv 2002.04745), or after it (post-norm).
struct transformer_description {
  std::string name;      ///< Before the names of its layers; may be empty.
  uint64_t blocks = 0;   ///< One after the other.
  uint64_t hidden = 0;   ///< Coordinates of the stream.
  uint64_t heads = 0;    ///< That ask, in every block.
  uint64_t kv_heads = 0; ///< That are asked; their number divides `heads`.
  uint64_t mlp = 0;      ///< Hidden units of each mlp.
  attention_settings attention; ///< All but `queries`.
  /// Whether positions have vectors of their own, as tokens have.
  bool learns_positions = false;
  activation act = activation::gelu; ///< Of each mlp.
  bool gated = false;                ///< Each mlp.
  norm_settings norm{norm_kind::layer};
  bool post_norm = false;
  /// Whether the vectors of tokens are the rows of the vocabulary.
  bool tied = false;
  double dropout = 0; ///< Of all that is added to the stream.
  bool bias = false;  ///< Of attention and mlp, on their way in and out.
  std::string label;  ///< Of all its layers; may be empty.
  origin where;       ///< Of all its layers.
};

/// Returns the layers that a transformer stands for. The first ones read the
/// input, the last one is the stream that a vocabulary reads: for two blocks
///
///     tokens [positions]   stream0
///     attention1   stream1   mlp1   stream2
///     attention2   stream3   mlp2   stream4
///
/// where a stream reads the one before it and the layer between. With post-norm
/// it reads, instead of the one before, a layer of kind norm that does; that is
/// `carry1` for `stream1`. Positions that are learnt are as many as an example
/// has.
/// @pre `kv_heads` is above 0 and divides `heads`.
std::vector<layer_description> layers_of(const transformer_description& what);

} // namespace nnactor
