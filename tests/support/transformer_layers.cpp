#include "support/transformer_layers.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace nnactor {

namespace {

/// Of a standard normal.
double distribution(double z) {
  return std::erfc(-z / std::numbers::sqrt2) / 2;
}

double density(double z) {
  return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
}

double logistic(double z) {
  return 1 / (1 + std::exp(-z));
}

quantity activated(tape& on, activation act, quantity x) {
  switch (act) {
  case activation::relu:
    return on.mapped(
        x, [](double z) { return std::max(z, 0.0); },
        [](double z) { return z > 0 ? 1.0 : 0.0; });
  case activation::gelu:
    return on.mapped(
        x, [](double z) { return z * distribution(z); },
        [](double z) { return distribution(z) + z * density(z); });
  case activation::silu:
    return on.mapped(
        x, [](double z) { return z * logistic(z); },
        [](double z) { return logistic(z) * (1 + z * logistic(-z)); });
  default:
    throw std::invalid_argument("no activation of an mlp");
  }
}

/// Each row, normalised, without gain and shift.
quantity standardised(tape& on, const norm_settings& how, quantity x) {
  if (how.kind == norm_kind::none)
    return x;
  if (how.kind == norm_kind::layer)
    x = on.sum(x, scaled(on, row_means(on, x), -1));
  auto mean_square = row_means(on, on.times(x, x));
  auto widened = on.sum(mean_square, on.given({1, 1, how.epsilon}));
  return on.times(x, power(on, widened, -0.5));
}

/// A 1 in each row, in the column of its token.
double_matrix one_hot(const std::vector<size_t>& tokens, size_t columns) {
  double_matrix out{tokens.size(), columns};
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] >= columns)
      throw std::invalid_argument("a token that there is not");
    out.at(i, tokens[i]) = 1;
  }
  return out;
}

std::vector<size_t> tokens_of(const tensor& x) {
  std::vector<size_t> out;
  for (auto token : x.values<int32_t>())
    out.push_back(static_cast<size_t>(token));
  return out;
}

/// Cosines and sines, [rows, columns] of a head.
struct angles {
  double_matrix cosines, sines;
};

/// All layers of a transformer for some rows, on a tape.
class forward_pass {
public:
  forward_pass(tape& on, const network& net,
               const parameter_quantities& parameters, const tensor& inputs)
      : on_(on), net_(net), parameters_(parameters),
        tokens_(tokens_of(inputs)) {
    if (tokens_.size() % net.context != 0)
      throw std::invalid_argument("rows that are no examples");
    for (const auto& x : net.layers)
      outputs_.push_back(output_of(x));
  }

  /// [rows, tokens]
  quantity logits() const {
    return outputs_[net_.loss().inputs.front()];
  }

private:
  quantity learnt(const layer& x, const std::string& name) const {
    return parameters_.at({x.name, name});
  }

  size_t rows() const {
    return tokens_.size();
  }

  size_t position(size_t row) const {
    return row % net_.context;
  }

  quantity output_of(const layer& x) {
    switch (x.kind) {
    case layer_kind::table:
      return table(x);
    case layer_kind::stream:
      return stream(x);
    case layer_kind::attention:
      return attention(x);
    case layer_kind::mlp:
      return mlp(x);
    case layer_kind::norm:
      return read(x);
    case layer_kind::vocabulary:
      return on_.product(read(x), on_.transposed(learnt(x, "weight")));
    default: // input and loss
      return on_.given({});
    }
  }

  /// `rows` times `columns` parameters of a neuron, from its `first` one.
  quantity of_neuron(const layer& x, const std::string& name, size_t unit,
                     size_t first, size_t rows, size_t columns) {
    auto all = learnt(x, name);
    return on_.part(all, unit * on_.value(all).columns + first, rows, columns);
  }

  /// One parameter of every neuron, as a row.
  quantity of_all(const layer& x, const std::string& name) {
    return on_.part(learnt(x, name), 0, 1, x.units);
  }

  quantity table(const layer& x) {
    auto entries = tokens_;
    if (x.by_position)
      for (size_t row = 0; row < rows(); ++row)
        entries[row] = position(row);
    // The tape adds up the gradients of both uses of rows that are tied.
    auto weight = learnt(x.tied ? net_.output() : x, "weight");
    auto chosen = one_hot(entries, on_.value(weight).rows);
    return on_.product(on_.given(std::move(chosen)), weight);
  }

  quantity stream(const layer& x) {
    auto sum = on_.given({rows(), x.units});
    for (auto id : x.inputs)
      sum = on_.sum(sum, outputs_[id]);
    return x.bias ? on_.sum(sum, of_all(x, "bias")) : sum;
  }

  const layer& stream_of(const layer& reader) const {
    return net_.layers[reader.inputs.front()];
  }

  /// What a layer reads of a stream.
  quantity read(const layer& reader) {
    const auto& from = stream_of(reader);
    auto out = standardised(on_, from.norm, outputs_[reader.inputs.front()]);
    if (from.norm.kind != norm_kind::none)
      out = on_.times(out, of_all(from, "gain"));
    if (from.norm.kind == norm_kind::layer)
      out = on_.sum(out, of_all(from, "shift"));
    return out;
  }

  /// `in` times the transposed rows that a head of neuron `unit` has of a
  /// parameter, plus their bias.
  quantity head(const layer& x, const std::string& name, size_t unit,
                size_t index, quantity in) {
    auto size = x.attention.head_size;
    auto weight =
        of_neuron(x, name, unit, index * size * x.row_width, size, x.row_width);
    auto out = on_.product(in, on_.transposed(weight));
    if (!x.bias)
      return out;
    return on_.sum(out,
                   of_neuron(x, name + "_bias", unit, index * size, 1, size));
  }

  /// Queries and keys are normalised and turned.
  quantity placed_head(const layer& x, const std::string& name, size_t unit,
                       size_t index, quantity in) {
    auto out = head(x, name, unit, index, in);
    auto size = x.attention.head_size;
    if (x.attention.head_norm != norm_kind::none) {
      norm_settings how{x.attention.head_norm, stream_of(x).norm.epsilon};
      out = on_.times(standardised(on_, how, out),
                      of_neuron(x, name + "_gain", unit, 0, 1, size));
    }
    return x.attention.rotary_base == 0 ? out : turned(x.attention, out);
  }

  angles angles_for(const attention_settings& how) const {
    auto size = how.head_size;
    angles out{{rows(), size}, {rows(), size}};
    for (size_t row = 0; row < rows(); ++row)
      for (size_t j = 0; j < size; ++j) {
        auto pair = static_cast<double>(j % (size / 2));
        auto frequency =
            std::pow(how.rotary_base, -2 * pair / static_cast<double>(size));
        auto angle =
            static_cast<double>(position(row)) / how.rotary_scale * frequency;
        out.cosines.at(row, j) = std::cos(angle);
        out.sines.at(row, j) = std::sin(angle);
      }
    return out;
  }

  /// A quarter turn of each pair, times the sine, and as it is, times the
  /// cosine.
  quantity turned(const attention_settings& how, quantity x) {
    auto by = angles_for(how);
    auto half = how.head_size / 2;
    double_matrix quarter{how.head_size, how.head_size};
    for (size_t j = 0; j < half; ++j) {
      quarter.at(j, half + j) = 1;
      quarter.at(half + j, j) = -1;
    }
    auto across = on_.product(x, on_.given(std::move(quarter)));
    return on_.sum(on_.times(x, on_.given(std::move(by.cosines))),
                   on_.times(across, on_.given(std::move(by.sines))));
  }

  /// 1 where the position of a row sees that of a column.
  double_matrix seen(const attention_settings& how) const {
    double_matrix out{rows(), rows()};
    for (size_t row = 0; row < rows(); ++row)
      for (size_t other = 0; other < rows(); ++other) {
        auto together = row / net_.context == other / net_.context;
        auto before = !how.causal || other <= row;
        auto near = how.window == 0 || other > row || row - other < how.window;
        out.at(row, other) = together && before && near ? 1 : 0;
      }
    return out;
  }

  quantity attention(const layer& x) {
    const auto& how = x.attention;
    auto in = read(x);
    auto mask = seen(how);
    auto out = on_.given({rows(), x.width});
    for (size_t unit = 0; unit < x.units; ++unit) {
      auto keys = on_.transposed(placed_head(x, "key", unit, 0, in));
      auto values = head(x, "value", unit, 0, in);
      for (size_t i = 0; i < how.queries; ++i) {
        auto asked = on_.product(placed_head(x, "query", unit, i, in), keys);
        auto scores = scaled(on_, asked,
                             1 / std::sqrt(static_cast<double>(how.head_size)));
        auto found = on_.product(softmax(on_, scores, mask), values);
        auto way_out = of_neuron(x, "output", unit, i * how.head_size * x.width,
                                 how.head_size, x.width);
        out = on_.sum(out, on_.product(found, way_out));
      }
    }
    return out;
  }

  quantity hidden(const layer& x, const std::string& name, quantity in) {
    auto out = on_.product(in, on_.transposed(learnt(x, name)));
    return x.bias ? on_.sum(out, of_all(x, name + "_bias")) : out;
  }

  quantity mlp(const layer& x) {
    auto in = read(x);
    auto up = hidden(x, "up", in);
    auto inner =
        x.gated ? on_.times(activated(on_, x.act, hidden(x, "gate", in)), up)
                : activated(on_, x.act, up);
    return on_.product(inner, learnt(x, "down"));
  }

  tape& on_;
  const network& net_;
  const parameter_quantities& parameters_;
  std::vector<size_t> tokens_;    ///< By row.
  std::vector<quantity> outputs_; ///< By layer; of a stream, not normalised.
};

void check(const layer& x) {
  auto known = is_coordinate(x.kind) || gives_sums(x.kind)
               || x.kind == layer_kind::vocabulary
               || x.kind == layer_kind::input
               || x.kind == layer_kind::softmax_cross_entropy;
  if (!known)
    throw std::invalid_argument("'" + x.name + "' is of no transformer");
  if (x.dropout != 0)
    throw std::invalid_argument("'" + x.name + "' has dropout");
  if (x.attention.window != 0 && !x.attention.causal)
    throw std::invalid_argument("'" + x.name + "' has a window to both sides");
}

} // namespace

void check_transformer(const network& net) {
  std::ranges::for_each(net.layers, check);
}

quantity transformer_logits(tape& on, const network& net,
                            const parameter_quantities& parameters,
                            const tensor& inputs) {
  return forward_pass{on, net, parameters, inputs}.logits();
}

quantity cross_entropy(tape& on, quantity logits, const tensor& targets) {
  const auto& [rows, columns, z] = on.value(logits);
  auto labels = one_hot(tokens_of(targets), columns);
  auto below = lowered(on, logits, {rows, columns, 1.0});
  auto all = logarithm(on, row_sums(on, exponential(on, below)));
  auto right = row_sums(on, on.times(below, on.given(std::move(labels))));
  return row_means(on, on.transposed(on.sum(all, scaled(on, right, -1))));
}

} // namespace nnactor
