#include "nnactor/engine/layer_kinds.hpp"

namespace nnactor {

const layer_type& type_of(layer_kind kind) {
  switch (kind) {
  case layer_kind::embedding:
    return embedding_type;
  case layer_kind::sparse:
    return sparse_type;
  case layer_kind::stream:
    return stream_type;
  case layer_kind::table:
    return table_type;
  case layer_kind::attention:
    return attention_type;
  case layer_kind::mlp:
    return mlp_type;
  case layer_kind::vocabulary:
    return vocabulary_type;
  case layer_kind::norm:
    return norm_type;
  case layer_kind::dense:
  case layer_kind::input:
  case layer_kind::softmax_cross_entropy:
  case layer_kind::mean_squared_error:
    break; // By the precondition, only one of these is left.
  }
  return dense_type;
}

} // namespace nnactor
