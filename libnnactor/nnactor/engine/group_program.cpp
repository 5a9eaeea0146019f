#include "nnactor/engine/group_program.hpp"

#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/group_layer.hpp"

#include <map>

namespace nnactor {

struct group_program::impl {
  impl(const network& net, const group_graph& graph, group_id id,
       const train_settings& settings)
      : self(graph.groups[id]), tokens(net.layers.front().tokens),
        time_steps(graph.time_steps), how(settings),
        maths(net, graph, id, settings) {
  }

  uint32_t time_of(uint32_t micro_batch) const {
    return micro_batch % time_steps;
  }

  /// What errors call this group.
  std::string name() const {
    return fmt::format("group {} (layer '{}')", self.id, maths.what().name);
  }

  /// What others get of a tensor.
  tensor sent(device& dev, const tensor& x) const {
    return how.link == precision::bfloat16 ? rounded(dev, x) : x;
  }

  void round_if_sent(device& dev, mutable_matrix y) const {
    if (how.link == precision::bfloat16)
      dev.round(y.values(), y.values());
  }

  group self;
  uint64_t tokens; ///< Number of tokens of the data.
  uint32_t time_steps;
  train_settings how;
  group_layer maths;
  std::map<uint32_t, kept_values> kept; ///< By micro-batch.
};

group_program::group_program(const network& net, const group_graph& graph,
                             group_id id, const train_settings& how)
    : impl_(std::make_unique<impl>(net, graph, id, how)) {
}

group_program::~group_program() = default;

caf::error group_program::check_inputs(const std::vector<tensor>& inputs,
                                       uint32_t micro_batch) const {
  const auto& sources = impl_->maths.sources();
  if (inputs.size() != sources.size())
    return fail(ec::protocol_violation, "{} got {} inputs instead of {}",
                impl_->name(), inputs.size(), sources.size());
  uint64_t rows = 0;
  for (size_t i = inputs.size(); i-- > 0;)
    if (sources[i].delay == 0)
      rows = inputs[i].extent().rows;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& from = sources[i];
    if (impl_->time_of(micro_batch) < from.delay)
      continue;
    if (auto err = check_tensor(from.name, inputs[i], from.type,
                                shape{rows, from.columns}))
      return err;
    if (from.type == dtype::i32)
      if (auto err = check_range(from.name, inputs[i], impl_->tokens))
        return err;
  }
  return {};
}

tensor group_program::forward(device& dev, uint32_t micro_batch, phase why,
                              const std::vector<tensor>& inputs) {
  auto training = why == phase::train;
  auto at = impl_->maths.compute(dev, inputs, training);
  auto output = impl_->sent(dev, at.y);
  if (training)
    impl_->kept.insert_or_assign(micro_batch, std::move(at));
  return output;
}

uint64_t group_program::gathers() const {
  return impl_->maths.sources().size() == 1 ? 0
                                            : impl_->maths.gathered_columns();
}

void group_program::answer(device& dev, const std::vector<tensor>& inputs,
                           mutable_matrix gathered, mutable_matrix y) {
  impl_->maths.answer(dev, inputs, gathered, y);
  impl_->round_if_sent(dev, y);
}

void group_program::pass(device& dev, matrix x, mutable_matrix y) {
  impl_->maths.apply(dev, x, y);
  impl_->round_if_sent(dev, y);
}

uint64_t group_program::width() const {
  return impl_->self.width;
}

caf::error
group_program::check_gradients(uint32_t micro_batch,
                               const std::vector<tensor>& gradients) const {
  const auto& consumers = impl_->self.downstream;
  auto found = impl_->kept.find(micro_batch);
  if (found == impl_->kept.end() || found->second.y.extent().rows == 0)
    return fail(ec::protocol_violation,
                "{} expects no gradients of micro-batch {}", impl_->name(),
                micro_batch);
  if (gradients.size() != consumers.size())
    return fail(ec::protocol_violation, "{} got {} gradients instead of {}",
                impl_->name(), gradients.size(), consumers.size());
  auto left = impl_->time_steps - impl_->time_of(micro_batch);
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (left <= impl_->self.downstream_delays[i])
      continue;
    if (auto err =
            check_tensor(fmt::format("the gradient of group {} for {}",
                                     consumers[i], impl_->name()),
                         gradients[i], dtype::f32, found->second.y.extent()))
      return err;
  }
  return {};
}

std::vector<tensor>
group_program::backward(device& dev, uint32_t micro_batch,
                        const std::vector<tensor>& gradients) {
  auto& at = impl_->kept.at(micro_batch);
  at.dz = impl_->maths.through_activation(dev, at, gradients);
  at.z = {};
  at.y = {};
  auto upstream =
      impl_->maths.input_gradients(dev, at.dz, impl_->time_of(micro_batch));
  for (auto& x : upstream)
    x = impl_->sent(dev, x);
  return upstream;
}

void group_program::accumulate(device& dev, uint32_t micro_batch) {
  impl_->maths.accumulate(dev, impl_->kept.at(micro_batch));
  impl_->kept.erase(micro_batch);
}

double group_program::squared_gradient_norm(device& dev) {
  auto sum = 0.0;
  impl_->maths.each(
      [&](learnable& x) { sum += dev.squared_norm(x.gradient(dev).values()); });
  return sum;
}

void group_program::update(device& dev, uint64_t step, float scale) {
  impl_->maths.each(
      [&](learnable& x) { x.update(dev, impl_->how, step, scale); });
  impl_->maths.on_change();
}

parameter_set group_program::save() const {
  parameter_set out{impl_->self.layer, impl_->self.neurons, {}};
  impl_->maths.each([&](learnable& x) { x.save(out.parameters); });
  return out;
}

caf::error group_program::load(const parameter_set& saved) {
  const auto& self = impl_->self;
  if (saved.layer != self.layer || saved.neurons != self.neurons)
    return fail(ec::invalid_argument,
                "{} cannot load layer {}, neurons {}: its own are layer {}, "
                "neurons {}",
                impl_->name(), saved.layer, to_string(saved.neurons),
                self.layer, to_string(self.neurons));
  caf::error wrong;
  impl_->maths.each([&](learnable& x) {
    if (!wrong)
      wrong = x.check(saved.parameters);
  });
  if (wrong)
    return within(impl_->name(), wrong);
  impl_->maths.each([&](learnable& x) { x.load(saved.parameters); });
  impl_->maths.on_change();
  impl_->kept.clear();
  return {};
}

} // namespace nnactor
