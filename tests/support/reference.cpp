#include "support/reference.hpp"

#include "nnactor/network/sparse.hpp"
#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace nnactor {

namespace {

double value_of(activation act, double z) {
  switch (act) {
  case activation::relu:
    return z > 0 ? z : 0;
  case activation::gelu:
    return 0.5 * z * (1 + std::erf(z / std::numbers::sqrt2));
  case activation::tanh:
    return std::tanh(z);
  case activation::sigmoid:
    return 1 / (1 + std::exp(-z));
  default:
    return z;
  }
}

double slope_of(activation act, double z) {
  switch (act) {
  case activation::relu:
    return z > 0 ? 1 : 0;
  case activation::gelu:
    return 0.5 * (1 + std::erf(z / std::numbers::sqrt2))
           + z * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  case activation::tanh:
    return 1 - std::tanh(z) * std::tanh(z);
  case activation::sigmoid:
    return value_of(act, z) * (1 - value_of(act, z));
  default:
    return 1;
  }
}

float bound_of(const layer& x) {
  if (x.kind == layer_kind::embedding)
    return 0.1f;
  auto rectified = x.act == activation::relu || x.act == activation::gelu;
  auto fan_out = x.kind == layer_kind::sparse ? x.row_width : x.units;
  auto fans =
      static_cast<double>(rectified ? x.row_width : x.row_width + fan_out);
  return static_cast<float>(std::sqrt(6 / fans));
}

reference_parameters zeros_like(const reference_parameters& xs) {
  auto zeros = xs;
  for (auto& x : zeros) {
    std::ranges::fill(x.weight, 0.0);
    std::ranges::fill(x.bias, 0.0);
  }
  return zeros;
}

/// Loss of one example and its gradient by the output.
struct graded {
  double loss = 0;
  std::vector<double> gradient;
};

graded cross_entropy(const std::vector<double>& z, size_t label) {
  auto max = *std::ranges::max_element(z);
  auto sum = 0.0;
  for (auto x : z)
    sum += std::exp(x - max);
  graded out{std::log(sum) + max - z[label], z};
  for (size_t i = 0; i < z.size(); ++i)
    out.gradient[i] = std::exp(z[i] - max) / sum - (i == label ? 1 : 0);
  return out;
}

graded squared_error(const std::vector<double>& z,
                     const std::vector<double>& target) {
  auto columns = static_cast<double>(z.size());
  graded out{0, z};
  for (size_t i = 0; i < z.size(); ++i) {
    out.loss += (z[i] - target[i]) * (z[i] - target[i]) / columns;
    out.gradient[i] = 2 * (z[i] - target[i]) / columns;
  }
  return out;
}

/// @param index Of the time step: row times time steps plus time.
graded grade(const network& net, const std::vector<double>& z,
             const tensor& targets, uint64_t index) {
  std::vector<double> target(z.size());
  if (targets.type() == dtype::i32) {
    auto label = static_cast<size_t>(targets.values<int32_t>()[index]);
    if (net.loss().kind == layer_kind::softmax_cross_entropy)
      return cross_entropy(z, label);
    target[label] = 1;
  } else {
    for (size_t i = 0; i < z.size(); ++i)
      target[i] =
          static_cast<double>(targets.values<float>()[index * z.size() + i]);
  }
  return squared_error(z, target);
}

} // namespace

reference_network::reference_network(const network& net, uint64_t seed)
    : net_(net), parameters_(net.layers.size()) {
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    const auto& x = net.layers[id];
    auto& to = parameters_[id];
    for (uint64_t unit = 0; unit < x.units; ++unit) {
      counter_random random{seed, x.first + unit};
      for (uint64_t column = 0; column < x.row_width; ++column)
        to.weight.push_back(static_cast<double>(
            bound_of(x) * (2 * random.uniform(column) - 1)));
    }
    to.bias.assign(x.bias ? x.units : 0, 0.0);
    auto& columns = columns_.emplace_back();
    if (x.kind != layer_kind::sparse) {
      auto& all = columns.emplace_back(x.row_width);
      std::iota(all.begin(), all.end(), uint64_t{0});
      continue;
    }
    sparse_connections connections{net, id};
    for (uint64_t unit = 0; unit < x.units; ++unit)
      columns.push_back(connections.of(x.first + unit));
  }
}

const std::vector<uint64_t>&
reference_network::columns_of(layer_id id, uint64_t unit) const {
  return columns_[id].size() == 1 ? columns_[id].front() : columns_[id][unit];
}

std::vector<double> reference_network::inputs_of(const example& at, size_t time,
                                                 const layer& x) const {
  std::vector<double> all;
  for (size_t i = 0; i < x.inputs.size(); ++i) {
    auto delay = x.delay_of(i);
    auto y = delay <= time
                 ? at[time - delay].y[x.inputs[i]]
                 : std::vector<double>(net_.layers[x.inputs[i]].width);
    all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

reference_network::example reference_network::compute(const tensor& inputs,
                                                      uint64_t row) const {
  example at;
  auto width = net_.layers.front().width;
  for (uint64_t t = 0; t < net_.time_steps; ++t) {
    auto count = net_.layers.size();
    auto& now = at.emplace_back(
        moment{{}, std::vector<std::vector<double>>(count), {}});
    now.y.resize(count);
    for (uint64_t c = 0; c < width; ++c) {
      auto index = (row * net_.time_steps + t) * width + c;
      if (inputs.type() == dtype::i32)
        now.tokens.push_back(inputs.values<int32_t>()[index]);
      else
        now.y[0].push_back(static_cast<double>(inputs.values<float>()[index]));
    }
    compute_next(at);
  }
  return at;
}

void reference_network::compute_next(example& at) const {
  auto& now = at.back();
  for (layer_id id = 1; id + 1 < net_.layers.size(); ++id) {
    const auto& x = net_.layers[id];
    const auto& by = parameters_[id];
    auto in = inputs_of(at, at.size() - 1, x);
    for (uint64_t unit = 0; unit < x.units; ++unit) {
      const auto* weights = by.weight.data() + unit * x.row_width;
      if (x.kind == layer_kind::embedding) {
        for (auto token : now.tokens)
          now.z[id].push_back(weights[token]);
        continue;
      }
      auto sum = by.bias[unit];
      auto columns = columns_of(id, unit);
      for (uint64_t k = 0; k < x.row_width; ++k)
        sum += weights[k] * in[columns[k]];
      now.z[id].push_back(sum);
    }
    for (auto z : now.z[id])
      now.y[id].push_back(value_of(x.act, z));
  }
}

void reference_network::add_gradient(const example& at, size_t time,
                                     gradients& dy,
                                     reference_parameters& sum) const {
  const auto& now = at[time];
  for (auto id = static_cast<layer_id>(net_.layers.size() - 2); id > 0; --id) {
    const auto& x = net_.layers[id];
    const auto& weight = parameters_[id].weight;
    auto in = inputs_of(at, time, x);
    std::vector<double> dx(in.size());
    const auto& of_output = dy[time][id];
    for (size_t i = 0; i < of_output.size(); ++i) {
      auto unit = i / x.positions;
      auto dz = of_output[i] * slope_of(x.act, now.z[id][i]);
      if (x.kind == layer_kind::embedding) {
        auto token = static_cast<size_t>(now.tokens[i % x.positions]);
        sum[id].weight[unit * x.row_width + token] += dz;
        continue;
      }
      sum[id].bias[unit] += dz;
      auto columns = columns_of(id, unit);
      for (uint64_t k = 0; k < x.row_width; ++k) {
        sum[id].weight[unit * x.row_width + k] += dz * in[columns[k]];
        dx[columns[k]] += dz * weight[unit * x.row_width + k];
      }
    }
    size_t offset = 0;
    for (size_t i = 0; i < x.inputs.size(); ++i) {
      auto width = net_.layers[x.inputs[i]].width;
      if (auto delay = x.delay_of(i); delay <= time && !dx.empty())
        for (size_t c = 0; c < width; ++c)
          dy[time - delay][x.inputs[i]][c] += dx[offset + c];
      offset += width;
    }
  }
}

double reference_network::loss(const tensor& inputs,
                               const tensor& targets) const {
  auto sum = 0.0;
  auto rows = inputs.extent().rows;
  auto output = net_.loss().inputs.front();
  for (uint64_t row = 0; row < rows; ++row) {
    auto at = compute(inputs, row);
    for (size_t t = 0; t < at.size(); ++t)
      sum += grade(net_, at[t].y[output], targets, row * at.size() + t).loss;
  }
  return sum / static_cast<double>(rows * net_.time_steps);
}

std::vector<double> reference_network::output(const tensor& inputs,
                                              uint64_t row) const {
  std::vector<double> all;
  for (const auto& now : compute(inputs, row)) {
    const auto& y = now.y[net_.loss().inputs.front()];
    all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

reference_parameters reference_network::gradient(const tensor& inputs,
                                                 const tensor& targets) const {
  auto sum = zeros_like(parameters_);
  auto rows = inputs.extent().rows;
  auto output = net_.loss().inputs.front();
  for (uint64_t row = 0; row < rows; ++row) {
    auto at = compute(inputs, row);
    gradients dy(at.size());
    for (size_t t = 0; t < at.size(); ++t) {
      for (const auto& x : net_.layers)
        dy[t].emplace_back(x.width, 0.0);
      dy[t][output] =
          grade(net_, at[t].y[output], targets, row * at.size() + t).gradient;
      for (auto& d : dy[t][output])
        d /= static_cast<double>(rows * at.size());
    }
    for (auto t = at.size(); t-- > 0;)
      add_gradient(at, t, dy, sum);
  }
  return sum;
}

reference_trainer::reference_trainer(const network& net,
                                     const train_settings& how)
    : how_(how), model_(net, how.seed) {
  for (const auto& x : model_.parameters()) {
    weights_.emplace_back(x.weight.size());
    biases_.emplace_back(x.bias.size());
  }
}

namespace {

double squared(const std::vector<double>& xs) {
  auto sum = 0.0;
  for (auto x : xs)
    sum += x * x;
  return sum;
}

void clip(reference_parameters& gradient, double limit) {
  auto sum = 0.0;
  for (const auto& x : gradient)
    sum += squared(x.weight) + squared(x.bias);
  if (limit == 0 || std::sqrt(sum) <= limit)
    return;
  for (auto& x : gradient) {
    for (auto& g : x.weight)
      g *= limit / std::sqrt(sum);
    for (auto& g : x.bias)
      g *= limit / std::sqrt(sum);
  }
}

double rate_at(const schedule_settings& how, uint64_t step) {
  auto rate = static_cast<double>(how.rate);
  auto t = static_cast<double>(step);
  auto warmup = static_cast<double>(how.warmup);
  if (step < how.warmup)
    return rate * (t + 1) / warmup;
  if (how.kind == schedule_kind::constant)
    return rate;
  auto last = static_cast<double>(how.final_rate);
  auto progress = (t - warmup) / (static_cast<double>(how.steps) - 1 - warmup);
  return last + (rate - last) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

} // namespace

double reference_trainer::step(const tensor& inputs, const tensor& targets) {
  auto loss = model_.loss(inputs, targets);
  auto gradient = model_.gradient(inputs, targets);
  const auto& by = how_.optimizer;
  clip(gradient, static_cast<double>(by.clip));
  for (size_t id = 0; id < gradient.size(); ++id) {
    auto& to = model_.parameters()[id];
    update(to.weight, gradient[id].weight, weights_[id],
           static_cast<double>(by.weight_decay));
    update(to.bias, gradient[id].bias, biases_[id], 0);
  }
  ++step_;
  return loss;
}

void reference_trainer::update(std::vector<double>& w,
                               const std::vector<double>& g,
                               std::vector<moments>& state, double decay) {
  const auto& by = how_.optimizer;
  auto rate = rate_at(how_.schedule, step_);
  auto t = static_cast<double>(step_ + 1);
  auto beta1 = static_cast<double>(by.beta1);
  auto beta2 = static_cast<double>(by.beta2);
  for (size_t i = 0; i < w.size(); ++i) {
    auto& [m, v] = state[i];
    auto coupled = by.kind == optimizer_kind::adamw ? 0.0 : decay;
    auto gradient = g[i] + coupled * w[i];
    if (by.kind == optimizer_kind::sgd) {
      v = static_cast<double>(by.momentum) * v + gradient;
      w[i] -= rate * v;
      continue;
    }
    m = beta1 * m + (1 - beta1) * gradient;
    v = beta2 * v + (1 - beta2) * gradient * gradient;
    auto step = m / (1 - std::pow(beta1, t))
                / (std::sqrt(v / (1 - std::pow(beta2, t)))
                   + static_cast<double>(by.epsilon));
    if (by.kind == optimizer_kind::adamw)
      step += decay * w[i];
    w[i] -= rate * step;
  }
}

} // namespace nnactor
