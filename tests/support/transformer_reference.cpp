#include "support/transformer_reference.hpp"

#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace nnactor {

namespace {

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
  check_transformer(net);
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

parameter_quantities transformer_reference::parameters_on(tape& on) const {
  parameter_quantities out;
  for (const auto& [name, x] : learnt_)
    out[name] = on.given(x.value);
  return out;
}

double transformer_reference::loss(const tensor& inputs,
                                   const tensor& targets) const {
  tape on;
  auto logits = transformer_logits(on, net_, parameters_on(on), inputs);
  return on.value(cross_entropy(on, logits, targets)).at(0, 0);
}

double_matrix transformer_reference::answer(const tensor& inputs) const {
  tape on;
  auto logits = transformer_logits(on, net_, parameters_on(on), inputs);
  auto [rows, columns, z] = on.value(logits);
  return on.value(softmax(on, logits, {rows, columns, 1.0}));
}

double transformer_reference::differentiate(const tensor& inputs,
                                            const tensor& targets) {
  tape on;
  auto parameters = parameters_on(on);
  auto logits = transformer_logits(on, net_, parameters, inputs);
  auto mean = cross_entropy(on, logits, targets);
  on.differentiate(mean);
  for (auto& [name, x] : learnt_)
    x.gradient = on.gradient(parameters.at(name));
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
