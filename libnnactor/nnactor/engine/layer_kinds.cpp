#include "nnactor/engine/layer_kinds.hpp"

namespace nnactor {

const layer_type& type_of(layer_kind kind) {
  switch (kind) {
  case layer_kind::embedding:
    return embedding_type;
  case layer_kind::sparse:
    return sparse_type;
  default:
    return dense_type;
  }
}

} // namespace nnactor
