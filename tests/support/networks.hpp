#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace nnactor::test {

/// Unwraps a result that a test's set-up relies on.
template <class T>
T must(result<T> x) {
  if (!x)
    throw std::runtime_error(explain(x.error()));
  return std::move(*x);
}

/// Returns the sentence of an error, "" for a value.
template <class T>
std::string sentence(const result<T>& x) {
  return x ? std::string{} : explain(x.error());
}

/// A description of one layer, written at line `line` of exp.toml.
inline layer_description line(uint32_t line, std::string name, layer_kind kind,
                              uint64_t units,
                              std::vector<std::string> inputs = {}) {
  return {.name = std::move(name),
          .kind = kind,
          .units = units,
          .inputs = std::move(inputs),
          .where = {"exp.toml", line, 1}};
}

/// Four tokens of five kinds, embedded, through two dense layers, to five
/// classes: 3 + 7 + 4 + 5 neurons, the output reading both dense layers.
inline network small_language_model() {
  network_description what;
  what.layers = {line(1, "embed", layer_kind::embedding, 3),
                 line(2, "first", layer_kind::dense, 7),
                 line(3, "second", layer_kind::dense, 4),
                 line(4, "out", layer_kind::dense, 0, {"first", "second"})};
  return must(build_network(what, {4, 5, 5}));
}

/// A multi-layer perceptron 6-8-4-3 with a squared error.
inline network small_regression() {
  network_description what;
  what.layers = {line(1, "hidden", layer_kind::dense, 8),
                 line(2, "waist", layer_kind::dense, 4),
                 line(3, "out", layer_kind::dense, 0)};
  what.loss = layer_kind::mean_squared_error;
  return must(build_network(what, {6, 0, 3}));
}

/// Draws a network of up to six layers in which every layer reads the one
/// before it and perhaps earlier ones, on tokens or on real values.
inline network any_network() {
  auto tokens = *rc::gen::inRange<uint64_t>(0, 3) * 3;
  auto classes = *rc::gen::inRange<uint64_t>(1, 9);
  network_description what;
  if (*rc::gen::arbitrary<bool>())
    what.loss = layer_kind::mean_squared_error;
  auto layers = *rc::gen::inRange<uint32_t>(1, 6);
  for (uint32_t i = 0; i < layers; ++i) {
    auto embedding = tokens > 0 && i == 0;
    auto last = i + 1 == layers && !embedding;
    auto x = line(i + 1, "layer" + std::to_string(i),
                  embedding ? layer_kind::embedding : layer_kind::dense,
                  last ? 0 : *rc::gen::inRange<uint64_t>(1, 20));
    if (i > 0)
      x.inputs.push_back("layer" + std::to_string(i - 1));
    for (uint32_t j = 0; j + 1 < i; ++j)
      if (*rc::gen::arbitrary<bool>())
        x.inputs.push_back("layer" + std::to_string(j));
    what.layers.push_back(std::move(x));
  }
  if (tokens > 0 && layers == 1)
    what.layers.push_back(line(2, "out", layer_kind::dense, 0));
  auto width = *rc::gen::inRange<uint64_t>(1, 6);
  return must(build_network(what, {width, tokens, classes}));
}

/// What layers of a transformer are called and read, from the tables on: stream
/// `i` reads the one before it and what has been added to that.
class transformer_writer {
public:
  /// @param positions Rows of a table of positions; 0: there is none.
  /// @param tied Whether the table of tokens is tied to the vocabulary.
  transformer_writer(uint64_t tokens, uint64_t positions, uint64_t hidden,
                     bool tied = false)
      : tokens_(tokens), hidden_(hidden) {
    auto& table =
        add("tokens", layer_kind::table, tied ? 0 : tokens, {"input"});
    table.width = hidden;
    table.tied = tied;
    summands_ = {"tokens"};
    if (positions == 0)
      return;
    auto& places = add("positions", layer_kind::table, positions, {"input"});
    places.width = hidden;
    places.by_position = true;
    summands_.push_back("positions");
  }

  /// Adds what has been written up to here.
  void stream(norm_settings norm, bool bias) {
    stream_ = "stream" + std::to_string(streams_++);
    auto& x = add(stream_, layer_kind::stream, hidden_, summands_);
    x.norm = norm;
    x.bias = bias;
    summands_ = {stream_};
  }

  /// The next stream reads the one before it as its norm makes it: post-norm.
  void carry() {
    auto name = "carry" + std::to_string(streams_);
    add(name, layer_kind::norm, hidden_, {stream_});
    summands_.front() = name;
  }

  void attention(uint64_t heads, attention_settings how, bool bias) {
    auto& x = summand("attention", layer_kind::attention, heads);
    x.attention = how;
    x.bias = bias;
  }

  void mlp(uint64_t units, activation act, bool gated, bool bias) {
    auto& x = summand("mlp", layer_kind::mlp, units);
    x.act = act;
    x.gated = gated;
    x.bias = bias;
  }

  /// The next stream reads stream `index`, too.
  void read_again(uint64_t index) {
    auto name = "stream" + std::to_string(index);
    if (std::ranges::find(summands_, name) == summands_.end())
      summands_.push_back(name);
  }

  network finish(uint32_t context) {
    add("vocabulary", layer_kind::vocabulary, 0, {stream_});
    return must(build_network(what_, {.input_width = 1,
                                      .tokens = tokens_,
                                      .output_width = tokens_,
                                      .context = context}));
  }

private:
  layer_description& add(std::string name, layer_kind kind, uint64_t units,
                         std::vector<std::string> inputs) {
    auto number = static_cast<uint32_t>(what_.layers.size() + 1);
    what_.layers.push_back(
        line(number, std::move(name), kind, units, std::move(inputs)));
    return what_.layers.back();
  }

  /// What reads the stream before it.
  layer_description& summand(const std::string& name, layer_kind kind,
                             uint64_t units) {
    auto numbered = name + std::to_string(streams_ - 1);
    auto& x = add(numbered, kind, units, {stream_});
    summands_.push_back(numbered);
    return x;
  }

  uint64_t tokens_;
  uint64_t hidden_;
  uint64_t streams_ = 0;
  std::string stream_;                ///< The newest one.
  std::vector<std::string> summands_; ///< Of the next one.
  network_description what_;
};

/// What transformers of one family may differ in.
struct transformer_variant {
  bool post_norm = false;
  bool tied = false;
};

/// A transformer as GPT-2 is, but small: learnt positions, layer norm, a plain
/// mlp, biases. With both of its variants it is as the first GPT.
inline network small_gpt(uint64_t blocks = 2, uint64_t hidden = 24,
                         uint64_t heads = 4, uint32_t context = 8,
                         uint64_t tokens = 11,
                         const transformer_variant& how = {}) {
  norm_settings norm{norm_kind::layer, 1e-5};
  transformer_writer out{tokens, context, hidden, how.tied};
  auto stream = [&] {
    if (how.post_norm)
      out.carry();
    out.stream(norm, true);
  };
  out.stream(norm, false);
  for (uint64_t i = 0; i < blocks; ++i) {
    out.attention(heads, {.head_size = hidden / heads}, true);
    stream();
    out.mlp(4 * hidden, activation::gelu, false, true);
    stream();
  }
  return out.finish(context);
}

inline network small_gpt(const transformer_variant& how) {
  return small_gpt(2, 24, 4, 8, 11, how);
}

/// A transformer as Llama is, but small: rotary positions, rms norm, an mlp
/// with gates, several queries for a key, no biases.
inline network small_llama(uint64_t blocks = 2, uint64_t hidden = 32,
                           uint64_t heads = 8, uint64_t kv_heads = 2,
                           uint32_t context = 8, uint64_t tokens = 11,
                           const transformer_variant& how = {}) {
  norm_settings norm{norm_kind::rms, 1e-5};
  transformer_writer out{tokens, 0, hidden, how.tied};
  auto stream = [&] {
    if (how.post_norm)
      out.carry();
    out.stream(norm, false);
  };
  out.stream(norm, false);
  for (uint64_t i = 0; i < blocks; ++i) {
    out.attention(kv_heads,
                  {.head_size = hidden / heads,
                   .queries = heads / kv_heads,
                   .rotary_base = 10000},
                  false);
    stream();
    out.mlp(hidden * 8 / 3, activation::silu, true, false);
    stream();
  }
  return out.finish(context);
}

inline network small_llama(const transformer_variant& how) {
  return small_llama(2, 32, 8, 2, 8, 11, how);
}

inline norm_settings any_norm() {
  return {*rc::gen::element(norm_kind::none, norm_kind::rms, norm_kind::layer),
          *rc::gen::element(1e-6, 1e-5, 1e-2)};
}

/// @param context Of the network.
inline attention_settings any_attention(uint32_t context) {
  attention_settings how;
  how.head_size = 2 * *rc::gen::inRange<uint64_t>(1, 4);
  how.queries = *rc::gen::inRange<uint64_t>(1, 4);
  how.causal = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
  if (how.causal)
    how.window = *rc::gen::inRange<uint64_t>(0, context + 2);
  how.rotary_base = *rc::gen::element(0.0, 10.0, 10000.0);
  how.rotary_scale = *rc::gen::element(1.0, 4.0, 0.3);
  how.head_norm = *rc::gen::element(norm_kind::none, norm_kind::rms);
  return how;
}

inline bool any_flag() {
  return *rc::gen::arbitrary<bool>();
}

/// It may read the stream before it with its norm or without, and the first.
inline void write_any_stream(transformer_writer& out) {
  if (any_flag())
    out.carry();
  if (any_flag())
    out.read_again(0);
  auto norm = any_norm();
  out.stream(norm, any_flag());
}

inline void write_any_mlp(transformer_writer& out) {
  auto units = *rc::gen::inRange<uint64_t>(1, 13);
  auto gated = any_flag();
  auto act = gated ? *rc::gen::element(activation::silu, activation::gelu)
                   : *rc::gen::element(activation::relu, activation::gelu,
                                       activation::silu);
  out.mlp(units, act, gated, any_flag());
}

/// Draws a transformer of one or two blocks in which no two layers need to be
/// alike: attention and mlp read one stream or one after the other, pre-norm
/// and post-norm alternate, and embeddings may be tied.
inline network any_transformer() {
  auto context = *rc::gen::inRange<uint32_t>(1, 8);
  auto positions = any_flag() ? context + *rc::gen::inRange<uint64_t>(0, 3) : 0;
  auto tokens = *rc::gen::inRange<uint64_t>(2, 12);
  auto hidden = *rc::gen::inRange<uint64_t>(3, 13);
  transformer_writer out{tokens, positions, hidden, any_flag()};
  auto norm = any_norm();
  out.stream(norm, any_flag());
  auto blocks = *rc::gen::inRange<uint64_t>(1, 3);
  for (uint64_t i = 0; i < blocks; ++i) {
    auto heads = *rc::gen::inRange<uint64_t>(1, 5);
    auto how = any_attention(context);
    out.attention(heads, how, any_flag());
    if (any_flag())
      write_any_stream(out);
    write_any_mlp(out);
    write_any_stream(out);
  }
  return out.finish(context);
}

/// Draws a partition in which every layer is shuffled and dealt out; some parts
/// may have no neurons.
inline partition any_dealt_partition(const network& net, uint64_t count) {
  partition parts;
  parts.parts.resize(count);
  for (const auto& x : net.layers) {
    auto left = x.neurons();
    for (uint64_t part = 0; part < count; ++part) {
      auto share = part + 1 == count
                       ? left.size()
                       : *rc::gen::inRange<uint64_t>(0, left.size() + 1);
      auto [taken, rest] = deal(left, share, *rc::gen::arbitrary<uint64_t>());
      parts.parts[part] = unite(parts.parts[part], taken);
      left = rest;
    }
  }
  return parts;
}

/// Draws a partition of a network into parts that all have neurons.
inline partition any_partition(const network& net) {
  auto dealt = any_dealt_partition(net, *rc::gen::inRange<uint64_t>(1, 5));
  if (std::ranges::none_of(dealt.parts, &neuron_set::empty))
    return dealt;
  auto neurons = net.neuron_count();
  auto most = std::min<uint64_t>(neurons, 6);
  auto count = *rc::gen::inRange<uint64_t>(1, most + 1);
  std::vector<std::vector<neuron_id>> ids(count);
  for (neuron_id id = 0; id < neurons; ++id) {
    auto part = id < count ? id : *rc::gen::inRange<uint64_t>(0, count);
    ids[part].push_back(id);
  }
  partition parts;
  for (auto& x : ids)
    parts.parts.push_back(neuron_set::of(std::move(x)));
  return parts;
}

} // namespace nnactor::test
