#include "nnactor/config/layer_keys.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace nnactor {

namespace {

using words = std::vector<std::string>;

/// A key that not all kinds of layers have.
struct partial_key {
  const char* name;
  words kinds; ///< That have it.
  /// Those of them that must have it.
  words needing = {};
  std::string_view why = {}; ///< Why others have not.
};

const std::vector<partial_key>& partial_keys() {
  static const words weighted{"embedding", "dense", "sparse"};
  static const words sparse{"sparse"}, table{"table"}, attention{"attention"},
      whole{"transformer"};
  static const words counted{"embedding", "dense", "sparse",     "stream",
                             "table",     "mlp",   "vocabulary", "norm"};
  static const words heads{"attention", "transformer"},
      streams{"stream", "transformer"}, mlps{"mlp", "transformer"};
  static const std::vector<partial_key> all{
      {"units", counted, counted},
      {"activation", {"embedding", "dense", "sparse", "mlp", "transformer"}},
      {"inputs",
       {"embedding", "dense", "sparse", "stream", "table", "attention", "mlp",
        "vocabulary", "norm"},
       {},
       "it reads 'input'"},
      {"delay", weighted, {}, "a transformer cannot be inside a cycle"},
      {"degree", sparse},
      {"pattern", sparse},
      {"clusters", sparse},
      {"inside", sparse},
      {"seed", sparse},
      {"norm", streams},
      {"epsilon", streams},
      {"dropout", streams},
      {"bias", {"stream", "attention", "mlp", "transformer"}},
      {"width", table, table},
      {"by_position", table},
      {"tied", {"table", "transformer"}},
      {"heads", heads, heads},
      {"kv_heads", heads},
      {"head_size", heads, attention},
      {"causal", attention},
      {"window", heads},
      {"rotary_base", heads},
      {"rotary_scale", heads},
      {"head_norm", heads},
      {"gated", mlps},
      {"blocks", whole, whole},
      {"hidden", whole, whole},
      {"mlp", whole},
      {"positions", whole},
      {"post_norm", whole}};
  return all;
}

bool contains(const words& all, const std::string& word) {
  return std::ranges::find(all, word) != all.end();
}

/// Tells what kinds a key goes with, or where these are many, that it does not
/// go with this one.
std::string misplaced(const partial_key& key, const std::string& kind) {
  constexpr size_t few = 3;
  if (!key.why.empty())
    return fmt::format("does not go with kind = \"{}\": {}", kind, key.why);
  if (key.kinds.size() > few)
    return fmt::format("does not go with kind = \"{}\"", kind);
  return fmt::format("only goes with kind = \"{}\"",
                     fmt::join(key.kinds, "\" or \""));
}

} // namespace

void check_layer_keys(section& from, const std::string& kind, bool tied) {
  if (kind.empty())
    return from.reject("kind", "is missing");
  for (const auto& key : partial_keys())
    if (from.has(key.name) && !contains(key.kinds, kind))
      return from.reject(key.name, misplaced(key, kind));
  if (kind == "sparse" && !from.has("degree"))
    return from.reject("degree",
                       "is missing: how many inputs each neuron reads");
  for (const auto& key : partial_keys()) {
    auto needed = contains(key.needing, kind);
    // The vocabulary says how many rows there are.
    if (tied && key.name == std::string_view{"units"})
      needed = false;
    if (needed && !from.has(key.name))
      return from.reject(key.name, "is missing");
  }
}

} // namespace nnactor
