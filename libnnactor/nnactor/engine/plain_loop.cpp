#include "nnactor/engine/plain_loop.hpp"

#include "nnactor/engine/clip.hpp"
#include "nnactor/engine/columns.hpp"

#include <algorithm>
#include <chrono>
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
    : dev_(dev), graph_(graph), how_(how), loss_(net, graph, how),
      seconds_(graph.groups.size()) {
  for (auto id = first_neurons; id < graph_.loss_group(); ++id)
    programs_.push_back(std::make_shared<group_program>(net, graph_, id, how));
  lend_parameters(
      graph_, [this](group_id id) { return programs_[id - first_neurons]; });
}

template <class Work>
auto plain_loop::timed(group_id id, Work work) {
  using clock = std::chrono::steady_clock;
  auto before = clock::now();
  auto out = work();
  seconds_[id] += std::chrono::duration<double>(clock::now() - before).count();
  return out;
}

double plain_loop::step(const tensor& inputs, const tensor& targets) {
  auto rows = inputs.extent().rows;
  auto piece = rows / how_.micro_batches;
  auto loss = 0.0;
  for (uint32_t i = 0; i < how_.micro_batches; ++i)
    loss += train(i, rows_of(inputs, i * piece, piece),
                  rows_of(targets, i * piece, piece));
  update();
  return loss / static_cast<double>(rows * graph_.time_steps);
}

double plain_loop::train(uint32_t micro_batch, const tensor& inputs,
                         const tensor& targets) {
  auto steps = graph_.time_steps;
  auto loss = 0.0;
  std::vector<outputs_by_group> outputs;
  std::vector<std::vector<tensor>> gradients;
  for (uint32_t t = 0; t < steps; ++t) {
    auto now = at_time(targets, t, steps);
    forward({micro_batch, t}, phase::train, at_time(inputs, t, steps), now,
            outputs);
    auto outcome = timed(graph_.loss_group(), [&] {
      return loss_.compute(dev_, phase::train, inputs_of_loss(outputs.back()),
                           now);
    });
    loss += outcome.value.loss_sum;
    gradients.push_back(std::move(outcome.gradients));
  }
  std::vector<gradients_by_group> arrived(steps);
  for (auto& at : arrived)
    for (const auto& x : graph_.groups)
      at.emplace_back(x.downstream.size());
  for (auto t = steps; t-- > 0;)
    backward({micro_batch, t}, std::move(gradients[t]), arrived);
  for (uint32_t t = 0; t < steps; ++t)
    for (size_t i = 0; i < programs_.size(); ++i)
      timed(first_neurons + static_cast<group_id>(i), [&] {
        programs_[i]->accumulate(dev_, {micro_batch, t});
        return 0;
      });
  return loss;
}

loss_value plain_loop::evaluate(const tensor& inputs, const tensor& targets) {
  loss_value sum;
  std::vector<outputs_by_group> outputs;
  for (uint32_t t = 0; t < graph_.time_steps; ++t) {
    auto now = at_time(targets, t, graph_.time_steps);
    forward({0, t}, phase::evaluate, at_time(inputs, t, graph_.time_steps), now,
            outputs);
    auto value =
        loss_
            .compute(dev_, phase::evaluate, inputs_of_loss(outputs.back()), now)
            .value;
    sum.loss_sum += value.loss_sum;
    sum.correct += value.correct;
  }
  return sum;
}

tensor plain_loop::answer(const tensor& inputs) {
  std::vector<tensor> answers;
  std::vector<outputs_by_group> outputs;
  for (uint32_t t = 0; t < graph_.time_steps; ++t) {
    forward({0, t}, phase::infer, at_time(inputs, t, graph_.time_steps), {},
            outputs);
    answers.push_back(dev_.fetch(
        loss_.answer(dev_, phase::infer, inputs_of_loss(outputs.back()))));
  }
  dev_.finish();
  return join_columns(answers);
}

tensor plain_loop::generate(const token_round& what, const tensor& tokens) {
  round_rows rows{what};
  std::vector<outputs_by_group> outputs;
  forward({}, phase::generate, tokens, {}, outputs, &rows);
  auto out = dev_.fetch(
      loss_.answer(dev_, phase::generate, inputs_of_loss(outputs.back())));
  dev_.finish();
  return out;
}

std::vector<group_program*> plain_loop::savers() const {
  std::vector<group_program*> out;
  for (size_t i = 0; i < programs_.size(); ++i)
    if (!graph_.groups[first_neurons + i].borrows())
      out.push_back(programs_[i].get());
  return out;
}

std::vector<parameter_set> plain_loop::save() const {
  std::vector<parameter_set> saved;
  for (auto* program : savers())
    saved.push_back(program->save());
  return saved;
}

caf::error plain_loop::load(const std::vector<parameter_set>& saved,
                            uint64_t steps) {
  auto to = savers();
  if (saved.size() != to.size())
    return fail(ec::invalid_argument, "{} groups were saved, {} are to load",
                saved.size(), to.size());
  for (size_t i = 0; i < to.size(); ++i)
    if (auto err = to[i]->load(saved[i]))
      return err;
  for (auto& program : programs_)
    program->begin(steps);
  steps_ = steps;
  return {};
}

void plain_loop::forward(piece which, phase why, const tensor& inputs,
                         const tensor& targets,
                         std::vector<outputs_by_group>& outputs,
                         const round_rows* round) {
  auto time = which.time_step;
  auto& now = outputs.emplace_back(graph_.groups.size());
  auto readers = graph_.groups[group_graph::input_group].downstream.size();
  now[group_graph::input_group] = {inputs, std::vector<tensor>(readers)};
  readers = graph_.groups[group_graph::target_group].downstream.size();
  now[group_graph::target_group] = {targets, std::vector<tensor>(readers)};
  for (auto id = first_neurons; id < graph_.loss_group(); ++id) {
    const auto& x = graph_.groups[id];
    std::vector<tensor> all(x.upstream.size());
    for (size_t i = 0; i < all.size(); ++i)
      if (auto& from = x.upstream[i]; from.delay <= time)
        all[i] = crossing(from, id, outputs[time - from.delay]);
    now[id] = timed(id, [&] {
      auto& program = *programs_[id - first_neurons];
      auto y = program.forward(dev_, which, why, all, round);
      return program.sent(dev_, y);
    });
  }
}

const tensor& plain_loop::crossing(const edge& from, group_id to,
                                   const outputs_by_group& outputs) const {
  const auto& readers = graph_.groups[from.group].downstream;
  auto found = std::ranges::find(readers, to, &edge::group);
  return outputs[from.group].across(
      static_cast<size_t>(found - readers.begin()));
}

std::vector<tensor>
plain_loop::inputs_of_loss(const outputs_by_group& outputs) const {
  std::vector<tensor> all;
  for (auto from : ends_of(graph_.groups[graph_.loss_group()].upstream))
    if (from != group_graph::target_group)
      all.push_back(outputs[from].whole);
  return all;
}

void plain_loop::backward(piece which, std::vector<tensor> gradients,
                          std::vector<gradients_by_group>& arrived) {
  auto time = which.time_step;
  auto deliver = [&](const group& from, std::vector<tensor>& xs) {
    for (size_t i = 0; i < xs.size(); ++i) {
      const auto& to = from.upstream[i];
      if (to.delay > time)
        continue;
      const auto& consumers = graph_.groups[to.group].downstream;
      auto index = std::ranges::find(consumers, from.id, &edge::group)
                   - consumers.begin();
      arrived[time - to.delay][to.group][static_cast<size_t>(index)] =
          std::move(xs[i]);
    }
  };
  deliver(graph_.groups[graph_.loss_group()], gradients);
  for (auto id = graph_.loss_group() - 1; id >= first_neurons; --id) {
    auto xs = timed(id, [&] {
      return programs_[id - first_neurons]->backward(dev_, which,
                                                     arrived[time][id]);
    });
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
  for (size_t i = 0; i < programs_.size(); ++i)
    timed(first_neurons + static_cast<group_id>(i), [&] {
      programs_[i]->update(dev_, steps_, scale);
      return 0;
    });
  ++steps_;
  dev_.finish();
}

} // namespace nnactor
