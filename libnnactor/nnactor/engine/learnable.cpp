#include "nnactor/engine/learnable.hpp"

#include "nnactor/tensor/page_buffer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nnactor {

namespace {

void clear(resident& x) {
  std::ranges::fill(x.host().values(), 0.0f);
}

/// Names are part of the store: "adamw" shares its state with "adam".
std::vector<const char*> state_names(optimizer_kind kind) {
  if (kind == optimizer_kind::sgd)
    return {"sgd.v."};
  return {"adam.m.", "adam.v."};
}

float correction(float beta, uint64_t step) {
  return static_cast<float>(
      1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step + 1)));
}

const parameter* find(const std::vector<parameter>& saved,
                      const std::string& name) {
  auto found = std::ranges::find(saved, name, &parameter::name);
  return found == saved.end() ? nullptr : &*found;
}

} // namespace

learnable::learnable(std::string name, shape extent, bool decays,
                     std::vector<column_run> runs, const train_settings& how)
    : name_(std::move(name)), decays_(decays), runs_(std::move(runs)),
      values_(extent), gradient_(how.learns ? extent : shape{}),
      learns_(how.learns) {
  if (runs_.empty())
    runs_.push_back({0, 0, extent.columns});
  if (!how.learns)
    return;
  for (const auto* prefix : state_names(how.optimizer.kind))
    states_.push_back({prefix + name_, resident{extent}});
}

void learnable::assign(matrix canonical) {
  take(values_, canonical);
}

void learnable::lend() {
  if (learns_)
    lent_.emplace(extent());
  lent_changed_ = false;
}

void learnable::take_back(device& dev) {
  if (!std::exchange(lent_changed_, false))
    return;
  auto lent = lent_->on(dev).values();
  dev.add(lent, gradient_.on(dev).values());
  dev.clear(lent);
}

void learnable::update(device& dev, const train_settings& how, uint64_t step,
                       float scale) {
  take_back(dev);
  const auto& by = how.optimizer;
  auto values = values_.on(dev).values();
  auto gradient = gradient_.on(dev).values();
  auto state = [&](size_t i) { return states_[i].values.on(dev).values(); };
  if (scale != 1.0f)
    dev.scale(scale, gradient);
  auto rate = learning_rate(how.schedule, step);
  auto decay = decays_ ? by.weight_decay : 0.0f;
  if (by.kind == optimizer_kind::sgd)
    dev.sgd(values, gradient, state(0), rate, by.momentum, decay);
  else
    dev.adam(values, gradient, state(0), state(1),
             {.rate = rate,
              .beta1 = by.beta1,
              .beta2 = by.beta2,
              .epsilon = by.epsilon,
              .correction1 = correction(by.beta1, step),
              .correction2 = correction(by.beta2, step),
              .decay = decay,
              .decoupled = by.kind == optimizer_kind::adamw});
  dev.clear(gradient);
}

void learnable::save(std::vector<parameter>& out) {
  out.push_back({name_, canonical(values_)});
  for (auto& x : states_)
    out.push_back({x.name, canonical(x.values)});
}

caf::error learnable::check(const std::vector<parameter>& saved) const {
  const auto* values = find(saved, name_);
  if (values == nullptr)
    return fail(ec::invalid_argument, "parameter '{}' is missing", name_);
  if (auto err = check_one(name_, *values))
    return err;
  for (const auto& x : states_)
    if (const auto* found = find(saved, x.name))
      if (auto err = check_one(x.name, *found))
        return err;
  return {};
}

void learnable::load(const std::vector<parameter>& saved) {
  take(values_, view(find(saved, name_)->values));
  for (auto& x : states_) {
    if (const auto* found = find(saved, x.name))
      take(x.values, view(found->values));
    else
      clear(x.values);
  }
  clear(gradient_);
}

tensor learnable::canonical(resident& from) const {
  auto bytes = from.extent().size() * sizeof(float);
  tensor_builder<float> out{from.extent(), page_buffer(bytes)};
  to_canonical(runs_, as_const(from.host()), view(out));
  return std::move(out).share();
}

void learnable::take(resident& to, matrix canonical) const {
  to_gathered(runs_, canonical, to.host());
}

caf::error learnable::check_one(const std::string& name,
                                const parameter& saved) const {
  const auto& x = saved.values;
  const auto& extent = values_.extent();
  auto fits = x.type() == dtype::f32 && x.extent() == extent
              && x.bytes().size() == extent.size() * sizeof(float);
  if (fits)
    return {};
  return fail(ec::invalid_argument,
              "parameter '{}' is [{}, {}] of {} instead of [{}, {}] of f32",
              name, x.extent().rows, x.extent().columns, to_string(x.type()),
              extent.rows, extent.columns);
}

} // namespace nnactor
