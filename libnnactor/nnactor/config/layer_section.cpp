#include "nnactor/config/layer_section.hpp"

#include "nnactor/config/layer_keys.hpp"
#include "nnactor/network/layout.hpp"
#include "nnactor/network/transformer.hpp"

#include <limits>

namespace nnactor {

namespace {

/// How a transformer knows the positions of its tokens.
enum class position_kind : uint8_t { none, learnt, rotary };

/// What a table says. One of a transformer shares most keys with those of the
/// layers that it is made of.
struct written_layer {
  std::string kind;
  layer_description layer; ///< But for its kind.
  uint64_t heads = 0;
  uint64_t kv_heads = 0;
  uint64_t blocks = 0;
  uint64_t hidden = 0;
  uint64_t mlp = 0;
  position_kind positions = position_kind::rotary;
  bool post_norm = false;

  bool is_transformer() const {
    return kind == "transformer";
  }
};

constexpr auto no_end = std::numeric_limits<double>::infinity();
constexpr integer_range sizes_of_layers{1, int64_t{1} << 32};
constexpr integer_range numbers_of_heads{1, 1 << 20};

/// A number of neurons, or a word for as many as the data has of something.
void read_units(section& from, const char* word, uint64_t& into) {
  if (from.has("units")) {
    const auto* node = from.take("units");
    if (const auto* found = node->as_string()) {
      if (found->get() != word)
        from.reject("units",
                    fmt::format("is '{}' but must be an integer or '{}'",
                                found->get(), word));
      return;
    }
  }
  from.read("units", into, integer_range{1, INT64_MAX});
}

/// Time steps by the name of an input, for example { hidden = 1 }.
void read_delays(section& from, layer_description& into) {
  const auto* node = from.take("delay");
  if (node == nullptr)
    return;
  const auto* table = node->as_table();
  if (table == nullptr)
    return from.reject_type("delay", "a table such as { hidden = 1 }", *node);
  for (const auto& [name, value] : *table) {
    const auto* delay = value.as_integer();
    if (delay == nullptr || delay->get() < 1
        || delay->get() >= int64_t{most_time_steps})
      return from.reject_at(
          value,
          fmt::format("the delay of '{}' must be an integer from 1 to {}", name,
                      most_time_steps - 1));
    into.delays.emplace_back(name, static_cast<uint32_t>(delay->get()));
  }
}

void read_kind(section& from, std::string& into) {
  static const auto kinds = [] {
    choices<std::string> out;
    for (auto kind :
         {layer_kind::embedding, layer_kind::dense, layer_kind::sparse,
          layer_kind::stream, layer_kind::table, layer_kind::attention,
          layer_kind::mlp, layer_kind::vocabulary, layer_kind::norm})
      out.emplace_back(to_string(kind), to_string(kind));
    out.emplace_back("transformer", "transformer");
    return out;
  }();
  from.read("kind", into, kinds);
}

/// Keys of nearly all kinds.
void read_general(section& from, written_layer& into) {
  static const auto activations =
      choices_of({activation::none, activation::relu, activation::gelu,
                  activation::tanh, activation::sigmoid, activation::silu});
  auto& layer = into.layer;
  layer.where = from.where();
  read_kind(from, into.kind);
  from.read("name", layer.name);
  from.read("label", layer.label);
  from.read("by_position", layer.by_position);
  read_units(from, layer.by_position ? "context" : "classes", layer.units);
  if (into.kind == "mlp" || into.is_transformer())
    layer.act = activation::gelu;
  from.read("activation", layer.act, activations);
  from.read("inputs", layer.inputs);
  read_delays(from, layer);
}

void read_sparsity(section& from, sparsity& how) {
  static const auto patterns =
      choices_of({connection_pattern::random, connection_pattern::clustered});
  from.read("degree", how.degree, integer_range{1, UINT32_MAX});
  from.read("pattern", how.pattern, patterns);
  from.read("clusters", how.clusters, integer_range{1, most_clusters});
  from.read("inside", how.inside, real_range{0, 1, true, true});
  from.read("seed", how.seed, integer_range{0, INT64_MAX});
}

/// Keys of stream, table and mlp, which a transformer has, too.
void read_stream(section& from, written_layer& into) {
  static const auto norms =
      choices_of({norm_kind::none, norm_kind::rms, norm_kind::layer});
  auto& layer = into.layer;
  if (into.is_transformer())
    layer.norm.kind = norm_kind::layer;
  from.read("norm", layer.norm.kind, norms);
  from.read("epsilon", layer.norm.epsilon, real_range{0, 1, false, false});
  from.read("dropout", layer.dropout, real_range{0, 1, true, false});
  from.read("bias", layer.bias);
  from.read("width", layer.width, sizes_of_layers);
  from.read("gated", layer.gated);
  from.read("tied", layer.tied);
}

void read_attention(section& from, written_layer& into) {
  static const auto head_norms = choices_of({norm_kind::none, norm_kind::rms});
  auto& how = into.layer.attention;
  from.read("heads", into.heads, numbers_of_heads);
  into.kv_heads = into.heads;
  from.read("kv_heads", into.kv_heads, numbers_of_heads);
  from.read("head_size", how.head_size, integer_range{1, 1 << 20});
  from.read("causal", how.causal);
  from.read("window", how.window, integer_range{0, most_positions});
  from.read("rotary_base", how.rotary_base,
            real_range{1, no_end, false, false});
  from.read("rotary_scale", how.rotary_scale,
            real_range{0, no_end, false, false});
  from.read("head_norm", how.head_norm, head_norms);
}

void read_transformer(section& from, written_layer& into) {
  static const choices<position_kind> kinds{{"none", position_kind::none},
                                            {"learnt", position_kind::learnt},
                                            {"rotary", position_kind::rotary}};
  from.read("blocks", into.blocks, integer_range{1, most_layers / 4 - 1});
  from.read("hidden", into.hidden, sizes_of_layers);
  from.read("mlp", into.mlp, sizes_of_layers);
  from.read("positions", into.positions, kinds);
  from.read("post_norm", into.post_norm);
}

void check_division(const section& from, const char* divisor, uint64_t by,
                    const char* key, uint64_t of, const char* remedy) {
  if (by > 0 && of % by != 0)
    from.reject(divisor, fmt::format("is {}, which does not divide '{}' = {}{}",
                                     by, from.name_of(key), of, remedy));
}

/// Reports keys that do not go with the values of others.
void check_values(const section& from, const written_layer& what) {
  const auto& layer = what.layer;
  for (const auto* key : {"clusters", "inside"})
    if (from.has(key) && layer.sparse.pattern != connection_pattern::clustered)
      from.reject(key, "only goes with pattern = \"clustered\"");
  if (from.has("epsilon") && layer.norm.kind == norm_kind::none)
    from.reject("epsilon", "only goes with norm = \"rms\" or \"layer\"");
  if (what.post_norm && layer.norm.kind == norm_kind::none)
    from.reject("post_norm", "is true, which only goes with norm = \"rms\" or "
                             "\"layer\"");
  check_division(from, "kv_heads", what.kv_heads, "heads", what.heads, "");
  if (what.is_transformer() && !from.has("head_size"))
    check_division(from, "heads", what.heads, "hidden", what.hidden,
                   "; give head_size");
  for (const auto* key : {"rotary_base", "rotary_scale"})
    if (from.has(key) && what.positions != position_kind::rotary)
      from.reject(key, "only goes with positions = \"rotary\"");
  if (what.kind == "attention" && !from.has("rotary_base")
      && from.has("rotary_scale"))
    from.reject("rotary_scale", "only goes with rotary_base");
}

/// @pre What the table says is right.
transformer_description whole_transformer(written_layer what) {
  auto& layer = what.layer;
  transformer_description out;
  out.name = std::move(layer.name);
  out.blocks = what.blocks;
  out.hidden = what.hidden;
  out.heads = what.heads;
  out.kv_heads = what.kv_heads;
  out.mlp = what.mlp > 0 ? what.mlp : 4 * what.hidden;
  out.attention = layer.attention;
  if (out.attention.head_size == 0)
    out.attention.head_size = what.hidden / what.heads;
  if (what.positions == position_kind::rotary
      && layer.attention.rotary_base == 0)
    out.attention.rotary_base = 10000;
  out.learns_positions = what.positions == position_kind::learnt;
  out.act = layer.act;
  out.gated = layer.gated;
  out.norm = layer.norm;
  out.post_norm = what.post_norm;
  out.tied = layer.tied;
  out.dropout = layer.dropout;
  out.bias = layer.bias;
  out.label = std::move(layer.label);
  out.where = layer.where;
  return out;
}

/// @pre What the table says is right.
layer_description single_layer(written_layer what, size_t number) {
  auto& out = what.layer;
  out.kind = *layer_kind_from(what.kind);
  if (out.name.empty())
    out.name = fmt::format("{}{}", what.kind, number);
  if (out.kind == layer_kind::attention) {
    out.units = what.kv_heads;
    out.attention.queries = what.heads / what.kv_heads;
  }
  return std::move(out);
}

} // namespace

void read_layers(section from, size_t number,
                 std::vector<layer_description>& into) {
  written_layer what;
  read_general(from, what);
  read_sparsity(from, what.layer.sparse);
  read_stream(from, what);
  read_attention(from, what);
  read_transformer(from, what);
  from.finish();
  check_layer_keys(from, what.kind, what.layer.tied);
  check_values(from, what);
  if (from.failed())
    return;
  if (!what.is_transformer())
    return into.push_back(single_layer(std::move(what), number));
  for (auto& layer : layers_of(whole_transformer(std::move(what))))
    into.push_back(std::move(layer));
}

} // namespace nnactor
