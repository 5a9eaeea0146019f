#include "nnactor/engine/group_program.hpp"

#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"
#include "nnactor/engine/group_inputs.hpp"
#include "nnactor/engine/layer_maths.hpp"
#include "nnactor/engine/loss_scale.hpp"
#include "nnactor/engine/softmax_share.hpp"
#include "nnactor/neuron/random.hpp"

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
        maths(make_layer_maths(net, graph, self, settings, values)),
        norm_rows(net.layers[self.layer].norm_rows()) {
    const auto& what = net.layers[self.layer];
    if (what.kind == layer_kind::vocabulary)
      softmax.emplace(what, self.neurons, loss_scale(net, settings));
    tokens = what.units;
  }

  /// What the layer reads: all but labels.
  std::span<const tensor> read(std::span<const tensor> all) const {
    return all.first(all.size() - (softmax ? 1 : 0));
  }

  caf::error check_labels(const tensor& labels, uint64_t rows,
                          phase why) const {
    if (is_question(why) && labels.empty())
      return {};
    auto of = fmt::format("the labels for {}", name);
    if (auto err = check_tensor(of, labels, dtype::i32, shape{rows, 1}))
      return err;
    return check_range(of, labels, tokens);
  }

  caf::error check_round(const round_rows* round, uint64_t rows) const {
    auto expected = round == nullptr ? 0 : round->rows();
    if (rows == expected)
      return {};
    return fail(ec::protocol_violation, "{} got {} rows of a round that has {}",
                name, rows, expected);
  }

  /// What others get of a tensor.
  tensor sent(device& dev, const tensor& x) const {
    return how.link == precision::bfloat16 ? rounded(dev, x) : x;
  }

  /// What came of the producers, as the layer reads it.
  /// @param dropped Null outside of training.
  tensor gather(device& dev, std::span<const tensor> from,
                const dropped_rows* dropped,
                const round_rows* round = nullptr) const {
    if (from.front().type() == dtype::i32)
      return dev.place(maths->looked_up(from.front(), round));
    return inputs.gather(dev, from, dropped);
  }

  /// Dropout depends on what is trained with, never on where.
  dropped_rows dropped(piece which, uint64_t rows) const {
    counter_random of_step{how.seed, step};
    return {of_step.bits(self.layer), which.micro_batch * rows};
  }

  /// Computes the output, with all that backward needs of it put into `at` or
  /// not.
  tensor output_of(device& dev, kept_values& at, bool keeps,
                   bool by_row = false, const round_rows* round = nullptr) {
    auto y = make<float>(dev, at.extent);
    auto x = input_of(at.inputs);
    x.by_row = by_row;
    x.round = round;
    maths->forward(dev, x, view(y), keeps ? &at : nullptr);
    auto output = std::move(y).share();
    if (keeps && maths->keeps_y())
      at.y = output;
    return output;
  }

  /// What is sent of an output: all of it or, where labels are there, what is
  /// told of it.
  tensor told(device& dev, const kept_values& at, const tensor& output) const {
    if (at.labels.empty())
      return sent(dev, output);
    return softmax->summary(dev, output, at.labels);
  }

  /// @param rows Of the data.
  uint64_t output_rows(uint64_t rows) const {
    return rows + norm_rows;
  }

  /// The gradient of the output, from those that readers sent: each adds to
  /// the columns that it read.
  tensor gradient_of(device& dev, const std::vector<tensor>& gradients,
                     const kept_values& at) const {
    if (!at.labels.empty())
      return softmax->gradient(dev, at.y, at.labels,
                               dev.place(gradients.front()));
    auto spread = gradients;
    for (size_t i = 0; i < spread.size(); ++i)
      if (self.downstream[i].cut && !spread[i].empty())
        spread[i] = spread_out(dev, self.downstream[i], spread[i], at.extent);
    return tree_sum(dev, std::move(spread), at.extent);
  }

  static tensor spread_out(device& dev, const edge& from, const tensor& x,
                           shape extent) {
    auto out = make<float>(dev, extent);
    dev.clear(view(out).values());
    auto placed = dev.place(x);
    place_columns(dev, view(placed), from.spans, &column_span::from, view(out));
    return std::move(out).share();
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
  uint64_t norm_rows;                    ///< Of the output.
  std::optional<softmax_share> softmax;  ///< Of a vocabulary,
  uint64_t tokens;                       ///< which has so many.
  std::shared_ptr<group_program> lender; ///< Whose parameters it uses.
  uint64_t step = 0; ///< Of training, that comes next or is under way.
  std::map<piece, kept_values> kept;
};

group_program::group_program(const network& net, const group_graph& graph,
                             group_id id, const train_settings& how,
                             initial values)
    : impl_(std::make_unique<impl>(net, graph, id, how, values)) {
}

group_program::~group_program() = default;

void group_program::borrow(const std::shared_ptr<group_program>& owner) {
  impl_->lender = owner;
  impl_->maths->borrow(owner->impl_->maths->parameters().front());
}

bool group_program::needs_round() const {
  return impl_->maths->needs_round();
}

caf::error group_program::check_inputs(const std::vector<tensor>& inputs,
                                       piece which, phase why,
                                       const round_rows* round) const {
  if (inputs.size() != impl_->self.upstream.size())
    return fail(ec::protocol_violation, "{} got {} inputs instead of {}",
                impl_->name, inputs.size(), impl_->self.upstream.size());
  auto read = impl_->read(inputs);
  if (auto err = impl_->inputs.check(impl_->name, read, which.time_step))
    return err;
  if (why == phase::generate && needs_round())
    if (auto err = impl_->check_round(round, impl_->inputs.data_rows(read)))
      return err;
  if (!summarises())
    return {};
  return impl_->check_labels(inputs.back(), impl_->inputs.data_rows(read), why);
}

tensor group_program::forward(device& dev, piece which, phase why,
                              const std::vector<tensor>& inputs,
                              const round_rows* round) {
  kept_values at;
  auto read = impl_->read(inputs);
  auto rows = impl_->inputs.data_rows(read);
  auto dropped = impl_->dropped(which, rows);
  at.inputs =
      impl_->gather(dev, read, why == phase::train ? &dropped : nullptr, round);
  if (summarises() && !is_question(why))
    at.labels = dev.place(impl_->softmax->slots_of(inputs.back()));
  if (needs_round() && round != nullptr)
    rows = impl_->maths->rows_in(*round);
  at.extent = {impl_->output_rows(rows), width()};
  auto keeps = why == phase::train && !impl_->how.recompute;
  auto output = impl_->output_of(dev, at, keeps, why == phase::generate, round);
  auto told = impl_->told(dev, at, output);
  at.read = at.inputs.extent();
  if (impl_->maths->inputs_kept() == layer_maths::until::forward)
    at.inputs = {};
  if (why == phase::train)
    impl_->kept.insert_or_assign(which, std::move(at));
  return told;
}

sent_output group_program::sent(device& dev, const tensor& output) const {
  sent_output out;
  for (const auto& to : impl_->self.downstream) {
    out.cuts.push_back(
        to.cut ? packed_columns(dev, view(output), to.spans, &column_span::from)
               : tensor{});
    if (!to.cut)
      out.whole = output;
  }
  return out;
}

uint64_t group_program::output_rows(const std::vector<tensor>& inputs) const {
  return impl_->output_rows(impl_->inputs.data_rows(impl_->read(inputs)));
}

uint64_t group_program::output_rows(uint64_t read) const {
  return impl_->output_rows(impl_->inputs.data_rows(read));
}

shape group_program::gathers(const std::vector<tensor>& inputs) const {
  const auto& from = impl_->inputs;
  return from.gathers() ? shape{from.rows(from.data_rows(impl_->read(inputs))),
                                from.columns()}
                        : shape{};
}

void group_program::answer(device& dev, const std::vector<tensor>& inputs,
                           mutable_matrix gathered, mutable_matrix y) {
  auto read = impl_->read(inputs);
  if (impl_->inputs.gathers()) {
    impl_->inputs.gather(dev, read, gathered);
    return pass(dev, as_const(gathered), y);
  }
  auto x = impl_->gather(dev, read, nullptr);
  impl_->compute(dev, input_of(x), y);
}

void group_program::pass(device& dev, matrix x, mutable_matrix y) {
  impl_->compute(dev, {x, {}}, y);
}

uint64_t group_program::width() const {
  return impl_->self.width;
}

bool group_program::summarises() const {
  return impl_->softmax.has_value();
}

uint32_t group_program::time_steps() const {
  return impl_->time_steps;
}

caf::error
group_program::check_gradients(piece which,
                               const std::vector<tensor>& gradients) const {
  const auto& consumers = impl_->self.downstream;
  auto found = impl_->kept.find(which);
  if (found == impl_->kept.end() || found->second.extent.rows == 0)
    return fail(ec::protocol_violation,
                "{} expects no gradients of micro-batch {}", impl_->name,
                which.micro_batch);
  if (gradients.size() != consumers.size())
    return fail(ec::protocol_violation, "{} got {} gradients instead of {}",
                impl_->name, gradients.size(), consumers.size());
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (which.time_step + consumers[i].delay >= impl_->time_steps)
      continue;
    if (auto err = check_tensor(
            fmt::format("the gradient of group {} for {}", consumers[i].group,
                        impl_->name),
            gradients[i], dtype::f32,
            {found->second.extent.rows, consumers[i].asked_columns()}))
      return err;
  }
  return {};
}

std::vector<tensor>
group_program::backward(device& dev, piece which,
                        const std::vector<tensor>& gradients) {
  auto time = which.time_step;
  auto& at = impl_->kept.at(which);
  if (impl_->how.recompute && !at.inputs.empty())
    impl_->output_of(dev, at, true);
  auto dy = impl_->gradient_of(dev, gradients, at);
  std::vector<tensor> upstream(impl_->self.upstream.size());
  if (impl_->inputs.learn(time)) {
    auto dx = make<float>(dev, at.read);
    impl_->maths->backward(dev, at, dy, view(dx));
    auto dropped =
        impl_->dropped(which, impl_->inputs.data_rows(dx.extent().rows));
    auto cuts = impl_->inputs.cut(dev, std::move(dx).share(), time, dropped);
    std::ranges::move(cuts, upstream.begin());
  } else {
    impl_->maths->backward(dev, at, dy, {});
  }
  at.z = {};
  at.y = {};
  at.extent = {};
  if (impl_->maths->inputs_kept() < layer_maths::until::accumulate)
    at.inputs = {};
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
  for (auto& x : impl_->maths->parameters()) {
    x.take_back(dev);
    sum += dev.squared_norm(x.gradient(dev).values());
  }
  return sum;
}

void group_program::update(device& dev, uint64_t step, float scale) {
  for (auto& x : impl_->maths->parameters())
    x.update(dev, impl_->how, step, scale);
  impl_->maths->on_change();
  begin(step + 1);
}

void group_program::begin(uint64_t step) {
  impl_->step = step;
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
