#include "support/transformer_reference.hpp"

#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <numbers>
#include <optional>
#include <stdexcept>

namespace nnactor {

namespace {

using real_function = std::function<double(double)>;

double_matrix transpose(const double_matrix& x) {
  double_matrix y{x.columns, x.rows};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t j = 0; j < x.columns; ++j)
      y.at(j, i) = x.at(i, j);
  return y;
}

double_matrix multiply(const double_matrix& x, const double_matrix& y) {
  if (x.columns != y.rows)
    throw std::logic_error("a product of matrices that do not fit");
  double_matrix z{x.rows, y.columns};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t k = 0; k < x.columns; ++k)
      for (size_t j = 0; j < y.columns; ++j)
        z.at(i, j) += x.at(i, k) * y.at(k, j);
  return z;
}

/// f of each value of x and the value of y in its place; a y of one row, or of
/// one column, is repeated.
template <class F>
double_matrix combine(const double_matrix& x, const double_matrix& y, F f) {
  if ((y.rows != 1 && y.rows != x.rows)
      || (y.columns != 1 && y.columns != x.columns))
    throw std::logic_error("matrices of different shapes");
  double_matrix z{x.rows, x.columns};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t j = 0; j < x.columns; ++j)
      z.at(i, j) =
          f(x.at(i, j), y.at(y.rows == 1 ? 0 : i, y.columns == 1 ? 0 : j));
  return z;
}

/// The gradient of what `combine` repeats, from that of the repeated.
double_matrix gather(const double_matrix& dy, const double_matrix& y) {
  double_matrix sum{y.rows, y.columns};
  for (size_t i = 0; i < dy.rows; ++i)
    for (size_t j = 0; j < dy.columns; ++j)
      sum.at(y.rows == 1 ? 0 : i, y.columns == 1 ? 0 : j) += dy.at(i, j);
  return sum;
}

double_matrix map(const double_matrix& x, const real_function& f) {
  auto y = x;
  std::ranges::transform(y.values, y.values.begin(), f);
  return y;
}

/// Something that a tape has computed.
using quantity = size_t;

/// Records what is computed, so that gradients can be found by going back
/// through it: reverse-mode automatic differentiation.
class tape {
public:
  tape() = default;
  tape(const tape&) = delete;
  tape& operator=(const tape&) = delete;

  quantity given(double_matrix x) {
    return record(std::move(x), [](const double_matrix&) {});
  }

  /// Consecutive values of x, as a matrix of their own.
  quantity part(quantity x, size_t first, size_t rows, size_t columns) {
    double_matrix y{rows, columns};
    auto begin = value(x).values.begin() + static_cast<ptrdiff_t>(first);
    std::copy_n(begin, rows * columns, y.values.begin());
    return record(std::move(y), [=, this](const double_matrix& dy) {
      double_matrix dx{value(x).rows, value(x).columns};
      std::ranges::copy(dy.values,
                        dx.values.begin() + static_cast<ptrdiff_t>(first));
      pass_back(x, dx);
    });
  }

  quantity transposed(quantity x) {
    return record(transpose(value(x)), [=, this](const double_matrix& dy) {
      pass_back(x, transpose(dy));
    });
  }

  quantity product(quantity x, quantity y) {
    auto z = multiply(value(x), value(y));
    return record(std::move(z), [=, this](const double_matrix& dz) {
      pass_back(x, multiply(dz, transpose(value(y))));
      pass_back(y, multiply(transpose(value(x)), dz));
    });
  }

  /// x + y, y repeated as `combine` does.
  quantity sum(quantity x, quantity y) {
    auto z = combine(value(x), value(y), std::plus{});
    return record(std::move(z), [=, this](const double_matrix& dz) {
      pass_back(x, dz);
      pass_back(y, gather(dz, value(y)));
    });
  }

  /// x * y value by value, y repeated as `combine` does.
  quantity times(quantity x, quantity y) {
    auto z = combine(value(x), value(y), std::multiplies{});
    return record(std::move(z), [=, this](const double_matrix& dz) {
      pass_back(x, combine(dz, value(y), std::multiplies{}));
      pass_back(y, gather(combine(dz, value(x), std::multiplies{}), value(y)));
    });
  }

  quantity mapped(quantity x, const real_function& f, real_function slope) {
    return record(map(value(x), f), [=, this](const double_matrix& dy) {
      pass_back(x, combine(dy, map(value(x), slope), std::multiplies{}));
    });
  }

  const double_matrix& value(quantity x) const {
    return steps_[x].value;
  }

  /// Finds the gradients of a single value.
  void differentiate(quantity y) {
    pass_back(y, double_matrix{1, 1, 1.0});
    for (auto i = steps_.size(); i-- > 0;)
      if (steps_[i].gradient)
        steps_[i].back(*steps_[i].gradient);
  }

  /// Returns what `differentiate` has found for x, 0 if nothing depends on it.
  double_matrix gradient(quantity x) const {
    const auto& [y, dy, back] = steps_[x];
    return dy ? *dy : double_matrix{y.rows, y.columns};
  }

private:
  using backwards = std::function<void(const double_matrix&)>;

  struct step {
    double_matrix value;
    std::optional<double_matrix> gradient;
    backwards back; ///< Passes the gradient on to what it was computed from.
  };

  quantity record(double_matrix y, backwards back) {
    steps_.push_back({std::move(y), std::nullopt, std::move(back)});
    return steps_.size() - 1;
  }

  void pass_back(quantity x, const double_matrix& dx) {
    auto& sum = steps_[x].gradient;
    sum = sum ? combine(*sum, dx, std::plus{}) : dx;
  }

  std::deque<step> steps_; ///< References to them stay valid.
};

// What is made of these operations.

quantity scaled(tape& on, quantity x, double by) {
  return on.times(x, on.given({1, 1, by}));
}

/// Sums over each row.
quantity row_sums(tape& on, quantity x) {
  return on.product(x, on.given({on.value(x).columns, 1, 1.0}));
}

quantity row_means(tape& on, quantity x) {
  return scaled(on, row_sums(on, x),
                1 / static_cast<double>(on.value(x).columns));
}

/// x^power, for x above 0
quantity power(tape& on, quantity x, double exponent) {
  return on.mapped(
      x, [=](double z) { return std::pow(z, exponent); },
      [=](double z) { return exponent * std::pow(z, exponent - 1); });
}

quantity exponential(tape& on, quantity x) {
  auto f = [](double z) { return std::exp(z); };
  return on.mapped(x, f, f);
}

quantity logarithm(tape& on, quantity x) {
  return on.mapped(
      x, [](double z) { return std::log(z); }, [](double z) { return 1 / z; });
}

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

/// Subtracts from each row its largest value, which is a constant to gradients:
/// of use where adding anything to a row changes nothing. Where `seen` is 0,
/// the logarithm of 0 is left.
quantity lowered(tape& on, quantity x, const double_matrix& seen) {
  auto below = seen;
  const auto& z = on.value(x);
  constexpr auto none = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < z.rows; ++i) {
    auto largest = none;
    for (size_t j = 0; j < z.columns; ++j)
      if (seen.at(i, j) != 0)
        largest = std::max(largest, z.at(i, j));
    for (size_t j = 0; j < z.columns; ++j)
      below.at(i, j) = seen.at(i, j) != 0 ? -largest : none;
  }
  return on.sum(x, on.given(std::move(below)));
}

quantity softmax(tape& on, quantity x, const double_matrix& seen) {
  auto weights = exponential(on, lowered(on, x, seen));
  return on.times(weights, power(on, row_sums(on, weights), -1));
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

/// The mean over rows of -log softmax(x)[target].
quantity cross_entropy(tape& on, quantity x, const tensor& targets) {
  const auto& [rows, columns, z] = on.value(x);
  auto labels = one_hot(tokens_of(targets), columns);
  auto below = lowered(on, x, {rows, columns, 1.0});
  auto all = logarithm(on, row_sums(on, exponential(on, below)));
  auto right = row_sums(on, on.times(below, on.given(std::move(labels))));
  return row_means(on, on.transposed(on.sum(all, scaled(on, right, -1))));
}

/// Cosines and sines, [rows, columns] of a head.
struct angles {
  double_matrix cosines, sines;
};

/// All layers of a transformer for some rows, on a tape.
class forward_pass {
public:
  forward_pass(tape& on, const network& net,
               const transformer_reference::learnt_parameters& by,
               const tensor& inputs)
      : on_(on), net_(net), tokens_(tokens_of(inputs)) {
    if (tokens_.size() % net.context != 0)
      throw std::invalid_argument("rows that are no examples");
    for (const auto& [name, x] : by)
      leaves_[name] = on.given(x.value);
    for (const auto& x : net.layers)
      outputs_.push_back(output_of(x));
  }

  /// [rows, tokens]
  quantity logits() const {
    return outputs_[net_.loss().inputs.front()];
  }

  quantity leaf(const std::string& layer, const std::string& name) const {
    return leaves_.at({layer, name});
  }

private:
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
    case layer_kind::vocabulary:
      return on_.product(read(x), on_.transposed(leaf(x.name, "weight")));
    default: // input and loss
      return on_.given({});
    }
  }

  /// `rows` times `columns` parameters of a neuron, from its `first` one.
  quantity of_neuron(const layer& x, const std::string& name, size_t unit,
                     size_t first, size_t rows, size_t columns) {
    auto all = leaf(x.name, name);
    return on_.part(all, unit * on_.value(all).columns + first, rows, columns);
  }

  /// One parameter of every neuron, as a row.
  quantity of_all(const layer& x, const std::string& name) {
    return on_.part(leaf(x.name, name), 0, 1, x.units);
  }

  quantity table(const layer& x) {
    auto entries = tokens_;
    if (x.by_position)
      for (size_t row = 0; row < rows(); ++row)
        entries[row] = position(row);
    return on_.product(on_.given(one_hot(entries, x.units)),
                       leaf(x.name, "weight"));
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
    auto out = on_.product(in, on_.transposed(leaf(x.name, name)));
    return x.bias ? on_.sum(out, of_all(x, name + "_bias")) : out;
  }

  quantity mlp(const layer& x) {
    auto in = read(x);
    auto up = hidden(x, "up", in);
    auto inner =
        x.gated ? on_.times(activated(on_, x.act, hidden(x, "gate", in)), up)
                : activated(on_, x.act, up);
    return on_.product(inner, leaf(x.name, "down"));
  }

  tape& on_;
  const network& net_;
  std::vector<size_t> tokens_; ///< By row.
  std::map<std::pair<std::string, std::string>, quantity> leaves_;
  std::vector<quantity> outputs_; ///< By layer; of a stream, not normalised.
};

void check(const layer& x) {
  auto known = x.kind == layer_kind::stream || gives_sums(x.kind)
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

/// The learning rate of a step, 0 the first.
double rate_at(const schedule_settings& how, uint64_t step) {
  auto rate = static_cast<double>(how.rate);
  auto now = static_cast<double>(step);
  auto warmup = static_cast<double>(how.warmup);
  if (step < how.warmup)
    return rate * (now + 1) / warmup;
  if (how.kind == schedule_kind::constant)
    return rate;
  auto left = static_cast<double>(how.steps) - 1 - warmup;
  auto gone = left > 0 ? std::min((now - warmup) / left, 1.0) : 1.0;
  auto last = static_cast<double>(how.final_rate);
  return std::lerp(last, rate, (1 + std::cos(std::numbers::pi * gone)) / 2);
}

} // namespace

transformer_reference::transformer_reference(
    const network& net, const train_settings& how,
    const std::vector<parameter_set>& initial)
    : net_(net), how_(how) {
  std::ranges::for_each(net.layers, check);
  // What no set has would stay NaN.
  for (const auto& x : net.layers)
    for (const auto& p : x.parameter_rows()) {
      double_matrix none{x.units, p.columns};
      double_matrix unset{x.units, p.columns, std::nan("")};
      learnt_[{x.name, p.name}] = {unset, none, none, none, p.multiplies};
    }
  for_each_value(initial, [](double& here, double there) { here = there; });
  for (const auto& [name, x] : learnt_)
    if (std::ranges::any_of(x.value.values,
                            [](double w) { return std::isnan(w); }))
      throw std::invalid_argument("'" + name.first + "' lacks some of its "
                                  + name.second);
}

double transformer_reference::loss(const tensor& inputs,
                                   const tensor& targets) const {
  tape on;
  forward_pass all{on, net_, learnt_, inputs};
  return on.value(cross_entropy(on, all.logits(), targets)).at(0, 0);
}

double_matrix transformer_reference::answer(const tensor& inputs) const {
  tape on;
  auto logits = forward_pass{on, net_, learnt_, inputs}.logits();
  auto [rows, columns, z] = on.value(logits);
  return on.value(softmax(on, logits, {rows, columns, 1.0}));
}

double transformer_reference::differentiate(const tensor& inputs,
                                            const tensor& targets) {
  tape on;
  forward_pass all{on, net_, learnt_, inputs};
  auto mean = cross_entropy(on, all.logits(), targets);
  on.differentiate(mean);
  for (auto& [name, x] : learnt_)
    x.gradient = on.gradient(all.leaf(name.first, name.second));
  return on.value(mean).at(0, 0);
}

double transformer_reference::step(const tensor& inputs,
                                   const tensor& targets) {
  auto before = differentiate(inputs, targets);
  auto factor = clip_factor();
  for (auto& [name, x] : learnt_)
    update(x, factor);
  ++step_;
  return before;
}

double transformer_reference::clip_factor() const {
  auto sum = 0.0;
  for (const auto& [name, x] : learnt_)
    for (auto g : x.gradient.values)
      sum += g * g;
  auto limit = static_cast<double>(how_.optimizer.clip);
  return limit > 0 && sum > limit * limit ? limit / std::sqrt(sum) : 1;
}

void transformer_reference::update(learnt& x, double factor) const {
  const auto& how = how_.optimizer;
  auto rate = rate_at(how_.schedule, step_);
  auto decay = x.multiplies ? static_cast<double>(how.weight_decay) : 0.0;
  auto beta1 = static_cast<double>(how.beta1);
  auto beta2 = static_cast<double>(how.beta2);
  auto count = static_cast<double>(step_ + 1);
  for (size_t i = 0; i < x.value.values.size(); ++i) {
    auto& w = x.value.values[i];
    auto& mean = x.mean.values[i];
    auto& square = x.square.values[i];
    auto g = factor * x.gradient.values[i];
    if (how.kind == optimizer_kind::adamw)
      w *= 1 - rate * decay;
    else
      g += decay * w;
    if (how.kind == optimizer_kind::sgd) {
      mean = static_cast<double>(how.momentum) * mean + g;
      w -= rate * mean;
      continue;
    }
    mean = std::lerp(g, mean, beta1);
    square = std::lerp(g * g, square, beta2);
    auto deviation = std::sqrt(square / (1 - std::pow(beta2, count)));
    w -= rate * mean / (1 - std::pow(beta1, count))
         / (deviation + static_cast<double>(how.epsilon));
  }
}

double_matrix& transformer_reference::values(const std::string& layer,
                                             const std::string& name) {
  return learnt_.at({layer, name}).value;
}

const double_matrix&
transformer_reference::values(const std::string& layer,
                              const std::string& name) const {
  return learnt_.at({layer, name}).value;
}

const double_matrix&
transformer_reference::gradient(const std::string& layer,
                                const std::string& name) const {
  return learnt_.at({layer, name}).gradient;
}

double transformer_reference::largest_difference(
    const std::vector<parameter_set>& xs) const {
  auto largest = 0.0;
  auto other = *this;
  other.for_each_value(xs, [&](double& here, double there) {
    // Once NaN, it stays so.
    auto apart = std::abs(there - here);
    if (!(apart <= largest) && !std::isnan(largest))
      largest = apart;
  });
  return largest;
}

void transformer_reference::for_each_value(
    const std::vector<parameter_set>& xs,
    const std::function<void(double&, double)>& f) {
  for (const auto& set : xs)
    for (const auto& p : set.parameters) {
      const auto& of = net_.layers[set.layer];
      auto found = learnt_.find({of.name, p.name});
      if (found == learnt_.end())
        continue;
      auto& here = found->second.value;
      auto there = p.values.values<float>();
      for (size_t i = 0; i < there.size(); ++i)
        f(here.at(set.neurons.id_at(i / here.columns) - of.first,
                  i % here.columns),
          static_cast<double>(there[i]));
    }
}

namespace {

/// @param index Of the parameter in its layer.
parameter draw(const layer& x, const layer_parameter& p, uint64_t index,
               const neuron_set& neurons, uint64_t seed) {
  auto bound =
      p.multiplies ? std::sqrt(3 / static_cast<float>(x.row_width)) : 0.4f;
  tensor_builder<float> out{{neurons.size(), p.columns}};
  for (size_t i = 0; i < out.values().size(); ++i) {
    counter_random random{seed ^ mix(index), neurons.id_at(i / p.columns)};
    out.values()[i] = (p.multiplies ? 0.0f : p.start)
                      + bound * (2 * random.uniform(i % p.columns) - 1);
  }
  return {p.name, std::move(out).share()};
}

} // namespace

std::vector<parameter_set> drawn_parameters(const network& net, uint64_t seed,
                                            const partition& parts) {
  std::vector<parameter_set> out;
  for (const auto& part : parts.parts)
    for (layer_id id = 0; id < net.layers.size(); ++id) {
      const auto& x = net.layers[id];
      auto neurons = intersect(part, x.neurons());
      if (neurons.empty())
        continue;
      parameter_set set{id, neurons, {}};
      for (const auto& p : x.parameter_rows())
        set.parameters.push_back(
            draw(x, p, set.parameters.size(), neurons, seed));
      out.push_back(std::move(set));
    }
  return out;
}

std::vector<parameter_set> drawn_parameters(const network& net, uint64_t seed) {
  partition whole;
  whole.parts = {neuron_set::range(0, net.neuron_count())};
  return drawn_parameters(net, seed, whole);
}

} // namespace nnactor
