#include "nnactor/network/transformer.hpp"

#include "nnactor/network/layout.hpp"

namespace nnactor {

namespace {

/// Writes the layers of a transformer down, one after the other.
class transformer_writer {
public:
  explicit transformer_writer(const transformer_description& what)
      : what_(what) {
  }

  std::vector<layer_description> write() {
    write_tables();
    for (uint64_t block = 1; block <= what_.blocks; ++block) {
      write_attention(block);
      write_mlp(block);
    }
    return std::move(layers_);
  }

private:
  void write_tables() {
    std::vector<std::string> added{write_table("tokens")};
    layers_.back().tied = what_.tied;
    if (what_.learns_positions) {
      added.push_back(write_table("positions"));
      layers_.back().by_position = true;
    }
    // What is looked up has no weights on its way out that a bias belonged to.
    write_stream(std::move(added), false);
  }

  std::string write_table(const std::string& name) {
    auto& out = write_layer(name, layer_kind::table, 0, {input_name});
    out.width = what_.hidden;
    return out.name;
  }

  void write_attention(uint64_t block) {
    auto& out = write_layer(fmt::format("attention{}", block),
                            layer_kind::attention, what_.kv_heads, {stream_});
    out.attention = what_.attention;
    out.attention.queries = what_.heads / what_.kv_heads;
    out.bias = what_.bias;
    add_to_stream(out.name);
  }

  void write_mlp(uint64_t block) {
    auto& out = write_layer(fmt::format("mlp{}", block), layer_kind::mlp,
                            what_.mlp, {stream_});
    out.act = what_.act;
    out.gated = what_.gated;
    out.bias = what_.bias;
    add_to_stream(out.name);
  }

  /// @param added Name of the newest layer; a copy, for more are written.
  void add_to_stream(std::string added) {
    auto carried = what_.post_norm ? write_carry() : stream_;
    write_stream({std::move(carried), std::move(added)}, what_.bias);
  }

  /// What the next stream has of the one before it, with post-norm.
  std::string write_carry() {
    return write_layer(fmt::format("carry{}", streams_), layer_kind::norm,
                       what_.hidden, {stream_})
        .name;
  }

  void write_stream(std::vector<std::string> added, bool bias) {
    auto& out = write_layer(fmt::format("stream{}", streams_++),
                            layer_kind::stream, what_.hidden, std::move(added));
    out.norm = what_.norm;
    out.dropout = what_.dropout;
    out.bias = bias;
    stream_ = out.name;
  }

  /// The result lasts until the next layer.
  layer_description& write_layer(const std::string& name, layer_kind kind,
                                 uint64_t units,
                                 std::vector<std::string> inputs) {
    auto& out = layers_.emplace_back();
    out.name = what_.name.empty() ? name : what_.name + "_" + name;
    out.kind = kind;
    out.units = units;
    out.inputs = std::move(inputs);
    out.where = what_.where;
    out.label = what_.label;
    return out;
  }

  const transformer_description& what_;
  std::vector<layer_description> layers_;
  std::string stream_; ///< Name of the newest one.
  uint64_t streams_ = 0;
};

} // namespace

std::vector<layer_description> layers_of(const transformer_description& what) {
  return transformer_writer{what}.write();
}

} // namespace nnactor
