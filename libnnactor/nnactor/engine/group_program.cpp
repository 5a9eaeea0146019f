#include "nnactor/engine/group_program.hpp"

#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"
#include "nnactor/engine/group_inputs.hpp"
#include "nnactor/engine/layer_maths.hpp"

#include <map>

namespace nnactor {

namespace {

layer_input input_of(const tensor& x) {
  return x.type() == dtype::i32 ? layer_input{{}, view_tokens(x)}
                                : layer_input{view(x), {}};
}

} // namespace

struct group_program::impl {
  impl(const network& net, const group_graph& graph, group_id id,
       const train_settings& settings, initial values)
      : self(graph.groups[id]), name(fmt::format("group {} (layer '{}')", id,
                                                 net.layers[self.layer].name)),
        time_steps(graph.time_steps), how(settings), inputs(net, graph, self),
        maths(make_layer_maths(net, graph, self, settings, values)) {
  }

  /// What others get of a tensor.
  tensor sent(device& dev, const tensor& x) const {
    return how.link == precision::bfloat16 ? rounded(dev, x) : x;
  }

  void compute(device& dev, const layer_input& x, mutable_matrix y) {
    maths->forward(dev, x, y, nullptr);
    if (how.link == precision::bfloat16)
      dev.round(y.values(), y.values());
  }

  group self;
  std::string name; ///< For errors.
  uint32_t time_steps;
  train_settings how;
  group_inputs inputs;
  std::unique_ptr<layer_maths> maths;
  std::map<piece, kept_values> kept;
};

group_program::group_program(const network& net, const group_graph& graph,
                             group_id id, const train_settings& how,
                             initial values)
    : impl_(std::make_unique<impl>(net, graph, id, how, values)) {
}

group_program::~group_program() = default;

caf::error group_program::check_inputs(const std::vector<tensor>& inputs,
                                       piece which) const {
  return impl_->inputs.check(impl_->name, inputs, which.time_step);
}

tensor group_program::forward(device& dev, piece which, phase why,
                              const std::vector<tensor>& inputs) {
  kept_values at;
  at.inputs = impl_->inputs.gather(dev, inputs);
  auto y = make<float>(dev, {at.inputs.extent().rows, width()});
  impl_->maths->forward(dev, input_of(at.inputs), view(y),
                        why == phase::train ? &at : nullptr);
  at.y = std::move(y).share();
  auto output = impl_->sent(dev, at.y);
  if (why == phase::train)
    impl_->kept.insert_or_assign(which, std::move(at));
  return output;
}

uint64_t group_program::gathers() const {
  return impl_->inputs.gathers() ? impl_->inputs.columns() : 0;
}

void group_program::answer(device& dev, const std::vector<tensor>& inputs,
                           mutable_matrix gathered, mutable_matrix y) {
  if (impl_->inputs.gathers()) {
    impl_->inputs.gather(dev, inputs, gathered);
    return pass(dev, as_const(gathered), y);
  }
  auto x = dev.place(inputs.front());
  impl_->compute(dev, input_of(x), y);
}

void group_program::pass(device& dev, matrix x, mutable_matrix y) {
  impl_->compute(dev, {x, {}}, y);
}

uint64_t group_program::width() const {
  return impl_->self.width;
}

uint32_t group_program::time_steps() const {
  return impl_->time_steps;
}

caf::error
group_program::check_gradients(piece which,
                               const std::vector<tensor>& gradients) const {
  const auto& consumers = impl_->self.downstream;
  auto found = impl_->kept.find(which);
  if (found == impl_->kept.end() || found->second.y.extent().rows == 0)
    return fail(ec::protocol_violation,
                "{} expects no gradients of micro-batch {}", impl_->name,
                which.micro_batch);
  if (gradients.size() != consumers.size())
    return fail(ec::protocol_violation, "{} got {} gradients instead of {}",
                impl_->name, gradients.size(), consumers.size());
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (which.time_step + consumers[i].delay >= impl_->time_steps)
      continue;
    if (auto err =
            check_tensor(fmt::format("the gradient of group {} for {}",
                                     consumers[i].group, impl_->name),
                         gradients[i], dtype::f32, found->second.y.extent()))
      return err;
  }
  return {};
}

std::vector<tensor>
group_program::backward(device& dev, piece which,
                        const std::vector<tensor>& gradients) {
  auto time = which.time_step;
  auto& at = impl_->kept.at(which);
  auto dy = sum(dev, gradients, at.y.extent());
  std::vector<tensor> upstream(impl_->self.upstream.size());
  if (impl_->inputs.learn(time)) {
    auto dx = make<float>(dev, at.inputs.extent());
    at.dz = impl_->maths->backward(dev, at, dy, view(dx));
    upstream = impl_->inputs.cut(dev, std::move(dx).share(), time);
  } else {
    at.dz = impl_->maths->backward(dev, at, dy, {});
  }
  at.z = {};
  at.y = {};
  for (auto& x : upstream)
    x = impl_->sent(dev, x);
  return upstream;
}

void group_program::accumulate(device& dev, piece which) {
  impl_->maths->accumulate(dev, impl_->kept.at(which));
  impl_->kept.erase(which);
}

double group_program::squared_gradient_norm(device& dev) {
  auto sum = 0.0;
  for (auto& x : impl_->maths->parameters())
    sum += dev.squared_norm(x.gradient(dev).values());
  return sum;
}

void group_program::update(device& dev, uint64_t step, float scale) {
  for (auto& x : impl_->maths->parameters())
    x.update(dev, impl_->how, step, scale);
  impl_->maths->on_change();
}

parameter_set group_program::save() const {
  parameter_set out{impl_->self.layer, impl_->self.neurons, {}};
  for (auto& x : impl_->maths->parameters())
    x.save(out.parameters);
  return out;
}

caf::error group_program::load(const parameter_set& saved) {
  const auto& self = impl_->self;
  if (saved.layer != self.layer || saved.neurons != self.neurons)
    return fail(ec::invalid_argument,
                "{} cannot load layer {}, neurons {}: its own are layer {}, "
                "neurons {}",
                impl_->name, saved.layer, to_string(saved.neurons), self.layer,
                to_string(self.neurons));
  for (auto& x : impl_->maths->parameters())
    if (auto err = x.check(saved.parameters))
      return within(impl_->name, err);
  for (auto& x : impl_->maths->parameters())
    x.load(saved.parameters);
  impl_->maths->on_change();
  impl_->kept.clear();
  return {};
}

} // namespace nnactor
