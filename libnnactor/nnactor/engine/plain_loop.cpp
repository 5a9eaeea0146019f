#include "nnactor/engine/plain_loop.hpp"

#include "nnactor/engine/clip.hpp"

#include <algorithm>
#include <cstring>

namespace nnactor {

namespace {

/// Group 0 is the input and 1 the target.
constexpr group_id first_neurons = 2;

group_graph whole(const network& net) {
  return make_group_graph(
      net, partition{{neuron_set::range(0, net.neuron_count())}});
}

/// Copies `count` rows out; all rows are shared, not copied.
tensor rows_of(const tensor& from, uint64_t first, uint64_t count) {
  const auto& extent = from.extent();
  if (count == extent.rows)
    return from;
  auto stride = extent.columns * size_of(from.type());
  byte_buffer rows{count * stride};
  std::memcpy(rows.data(), from.bytes().data() + first * stride,
              count * stride);
  return {from.type(), {count, extent.columns}, shared_bytes{std::move(rows)}};
}

} // namespace

plain_loop::plain_loop(const network& net, const train_settings& how,
                       device& dev)
    : plain_loop(net, whole(net), how, dev) {
}

plain_loop::plain_loop(const network& net, const group_graph& graph,
                       const train_settings& how, device& dev)
    : dev_(dev), graph_(graph), how_(how), loss_(net, graph, how) {
  for (auto id = first_neurons; id < graph_.loss_group(); ++id)
    programs_.push_back(std::make_unique<group_program>(net, graph_, id, how));
}

double plain_loop::step(const tensor& inputs, const tensor& targets) {
  auto rows = inputs.extent().rows;
  auto piece = rows / how_.micro_batches;
  auto loss = 0.0;
  for (uint32_t i = 0; i < how_.micro_batches; ++i) {
    auto outputs = forward(i, phase::train, rows_of(inputs, i * piece, piece));
    auto outcome = loss_.compute(dev_, phase::train, outputs,
                                 rows_of(targets, i * piece, piece));
    loss += outcome.value.loss_sum;
    backward(i, std::move(outcome.gradients));
    for (auto& program : programs_)
      program->accumulate(dev_, i);
  }
  update();
  return loss / static_cast<double>(rows);
}

loss_value plain_loop::evaluate(const tensor& inputs, const tensor& targets) {
  auto outputs = forward(0, phase::evaluate, inputs);
  return loss_.compute(dev_, phase::evaluate, outputs, targets).value;
}

tensor plain_loop::answer(const tensor& inputs) {
  return loss_.answer(dev_, forward(0, phase::infer, inputs));
}

std::vector<parameter_set> plain_loop::save() const {
  std::vector<parameter_set> saved;
  for (const auto& program : programs_)
    saved.push_back(program->save());
  return saved;
}

caf::error plain_loop::load(const std::vector<parameter_set>& saved,
                            uint64_t steps) {
  if (saved.size() != programs_.size())
    return fail(ec::invalid_argument, "{} groups were saved, {} are to load",
                saved.size(), programs_.size());
  for (size_t i = 0; i < programs_.size(); ++i)
    if (auto err = programs_[i]->load(saved[i]))
      return err;
  steps_ = steps;
  return {};
}

std::vector<tensor> plain_loop::forward(uint32_t micro_batch, phase why,
                                        const tensor& inputs) {
  std::vector<tensor> outputs(graph_.groups.size());
  outputs[group_graph::input_group] = inputs;
  auto inputs_of = [&](group_id id) {
    std::vector<tensor> all;
    for (auto from : graph_.groups[id].upstream)
      if (from != group_graph::target_group)
        all.push_back(outputs[from]);
    return all;
  };
  for (auto id = first_neurons; id < graph_.loss_group(); ++id)
    outputs[id] = programs_[id - first_neurons]->forward(dev_, micro_batch, why,
                                                         inputs_of(id));
  return inputs_of(graph_.loss_group());
}

void plain_loop::backward(uint32_t micro_batch, std::vector<tensor> gradients) {
  // By producer, then by consumer in the order of `downstream`.
  std::vector<std::vector<tensor>> arrived(graph_.groups.size());
  for (const auto& x : graph_.groups)
    arrived[x.id].resize(x.downstream.size());
  auto deliver = [&](const group& from, std::vector<tensor>& xs) {
    for (size_t i = 0; i < xs.size(); ++i) {
      const auto& consumers = graph_.groups[from.upstream[i]].downstream;
      auto index = std::ranges::find(consumers, from.id) - consumers.begin();
      arrived[from.upstream[i]][static_cast<size_t>(index)] = std::move(xs[i]);
    }
  };
  deliver(graph_.groups[graph_.loss_group()], gradients);
  for (auto id = graph_.loss_group() - 1; id >= first_neurons; --id) {
    auto xs =
        programs_[id - first_neurons]->backward(dev_, micro_batch, arrived[id]);
    deliver(graph_.groups[id], xs);
  }
}

void plain_loop::update() {
  auto scale = 1.0f;
  if (how_.optimizer.clip > 0) {
    std::vector<double> norms;
    for (auto& program : programs_)
      norms.push_back(program->squared_gradient_norm(dev_));
    scale = clip_scale(how_.optimizer.clip, norms);
  }
  for (auto& program : programs_)
    program->update(dev_, steps_, scale);
  ++steps_;
}

} // namespace nnactor
