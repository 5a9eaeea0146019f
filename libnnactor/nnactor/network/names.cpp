#include "nnactor/enum_names.hpp"
#include "nnactor/network/network.hpp"

namespace nnactor {

namespace {

constexpr enum_names<layer_kind, 6> layer_kinds{
    {"input", "embedding", "dense", "softmax_cross_entropy",
     "mean_squared_error", "sparse"}};

constexpr enum_names<connection_pattern, 2> patterns{{"random", "clustered"}};

constexpr enum_names<activation, 5> activations{
    {"none", "relu", "gelu", "tanh", "sigmoid"}};

} // namespace

const char* to_string(layer_kind kind) {
  return layer_kinds.name_of(kind);
}

const char* to_string(activation act) {
  return activations.name_of(act);
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
