#include "nnactor/enum_names.hpp"
#include "nnactor/network/network.hpp"

namespace nnactor {

namespace {

constexpr enum_names<layer_kind, 12> layer_kinds{
    {"input", "embedding", "dense", "softmax_cross_entropy",
     "mean_squared_error", "sparse", "stream", "table", "attention", "mlp",
     "vocabulary", "norm"}};

constexpr enum_names<norm_kind, 3> norms{{"none", "rms", "layer"}};

constexpr enum_names<connection_pattern, 2> patterns{{"random", "clustered"}};

constexpr enum_names<activation, 6> activations{
    {"none", "relu", "gelu", "tanh", "sigmoid", "silu"}};

} // namespace

const char* to_string(layer_kind kind) {
  return layer_kinds.name_of(kind);
}

const char* to_string(activation act) {
  return activations.name_of(act);
}

const char* to_string(norm_kind kind) {
  return norms.name_of(kind);
}

const char* to_string(connection_pattern pattern) {
  return patterns.name_of(pattern);
}

std::optional<layer_kind> layer_kind_from(std::string_view name) {
  return layer_kinds.value_of(name);
}

std::optional<activation> activation_from(std::string_view name) {
  return activations.value_of(name);
}

std::vector<std::string> layer_kind_names() {
  return layer_kinds.all();
}

std::vector<std::string> activation_names() {
  return activations.all();
}

} // namespace nnactor
