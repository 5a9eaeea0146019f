#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"
#include "nnactor/engine/group_program.hpp"
#include "nnactor/engine/loss_scale.hpp"
#include "nnactor/engine/softmax_share.hpp"

namespace nnactor {

namespace {

tensor one_hot(device& dev, token_matrix labels, uint64_t columns) {
  auto out = make<float>(dev, {labels.rows, columns});
  dev.one_hot(labels, view(out));
  return std::move(out).share();
}

} // namespace

struct loss_program::impl {
  impl(const network& net, const group_graph& graph, const train_settings& how)
      : classes(net.loss().kind == layer_kind::softmax_cross_entropy),
        summarised(net.output().kind == layer_kind::vocabulary),
        width(net.output().width), scale(loss_scale(net, how)),
        rounds(how.link == precision::bfloat16) {
    const auto& self = graph.groups[graph.loss_group()];
    for (auto& from : self.upstream)
      if (graph.groups[from.group].kind == group_kind::neurons)
        sources.push_back(from);
    runs = column_runs(net, graph, self);
  }

  bool in_order() const {
    return runs.size() == 1;
  }

  /// Returns the network's output [rows, width] in neuron order.
  tensor gather(device& dev, std::vector<tensor> outputs) const {
    for (auto& x : outputs)
      x = dev.place(x);
    auto gathered = concatenate(dev, outputs);
    if (in_order())
      return gathered;
    auto z = make<float>(dev, gathered.extent());
    for (const auto& run : runs)
      dev.copy_columns(view(gathered), run.gathered, run.count, view(z),
                       run.canonical);
    return std::move(z).share();
  }

  /// Cuts the gradient of the output into one tensor per source.
  std::vector<tensor> scatter(device& dev, tensor dz) const {
    if (!in_order()) {
      auto gathered = make<float>(dev, dz.extent());
      for (const auto& run : runs)
        dev.copy_columns(view(dz), run.canonical, run.count, view(gathered),
                         run.gathered);
      dz = std::move(gathered).share();
    }
    if (sources.size() == 1)
      return {dz};
    std::vector<tensor> gradients;
    uint64_t first = 0;
    for (const auto& from : sources) {
      gradients.push_back(columns_of(dev, view(dz), first, from.columns));
      first += from.columns;
    }
    return gradients;
  }

  /// From summaries of the outputs: they hold all that is asked for.
  loss_program::outcome add_up(device& dev, std::vector<tensor> summaries,
                               bool learns) const {
    for (auto& x : summaries)
      x = dev.fetch(x);
    dev.finish();
    auto total = total_of(summaries);
    loss_program::outcome out{total.value, {}};
    if (learns)
      out.gradients.assign(sources.size(), total.norm);
    return out;
  }

  double loss(device& dev, const tensor& z, const tensor& targets,
              mutable_matrix dz) const {
    if (classes)
      return dev.softmax_cross_entropy(view(z), view_tokens(targets), scale,
                                       dz);
    auto values = targets.type() == dtype::i32
                      ? one_hot(dev, view_tokens(targets), width)
                      : targets;
    return dev.mean_squared_error(view(z), view(values), scale, dz);
  }

  caf::error check_targets(const tensor& targets, uint64_t rows) const {
    const auto* name = "the targets of the loss";
    if (!classes && targets.type() == dtype::f32)
      return check_tensor(name, targets, dtype::f32, shape{rows, width});
    if (auto err = check_tensor(name, targets, dtype::i32, shape{rows, 1}))
      return err;
    return check_range(name, targets, width);
  }

  bool classes;    ///< Softmax cross-entropy, else mean squared error.
  bool summarised; ///< Outputs tell summaries in training and validation.
  uint64_t width;  ///< Columns of the network's output.
  float scale;     ///< Of the gradient: 1 / time steps of a batch.
  bool rounds;     ///< Gradients, before they are sent.
  std::vector<edge> sources; ///< All but the targets.
  std::vector<column_run> runs;
};

loss_program::loss_program(const network& net, const group_graph& graph,
                           const train_settings& how)
    : impl_(std::make_unique<impl>(net, graph, how)) {
}

loss_program::~loss_program() = default;

caf::error loss_program::check(phase why, const std::vector<tensor>& outputs,
                               const tensor& targets) const {
  const auto& sources = impl_->sources;
  if (outputs.size() != sources.size())
    return fail(ec::protocol_violation, "the loss got {} inputs instead of {}",
                outputs.size(), sources.size());
  auto rows = outputs.front().extent().rows;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (auto err = check_tensor(
            fmt::format("the output of group {} for the loss",
                        sources[i].group),
            outputs[i], dtype::f32,
            shape{rows, is_question(why) ? sources[i].columns
                                         : sources[i].told_columns()}))
      return err;
  if (is_question(why))
    return {};
  return impl_->check_targets(targets, rows);
}

loss_program::outcome loss_program::compute(device& dev, phase why,
                                            const std::vector<tensor>& outputs,
                                            const tensor& targets) {
  if (impl_->summarised)
    return impl_->add_up(dev, outputs, why == phase::train);
  auto z = impl_->gather(dev, outputs);
  auto goal = dev.place(targets);
  outcome out;
  if (why == phase::train) {
    auto dz = make<float>(dev, z.extent());
    out.value.loss_sum = impl_->loss(dev, z, goal, view(dz));
    out.gradients = impl_->scatter(dev, std::move(dz).share());
    if (impl_->rounds)
      for (auto& x : out.gradients)
        x = rounded(dev, x);
  } else {
    out.value.loss_sum = impl_->loss(dev, z, goal, {});
  }
  if (goal.type() == dtype::i32)
    out.value.correct = dev.count_correct(view(z), view_tokens(goal));
  return out;
}

tensor loss_program::answer(device& dev, phase why,
                            const std::vector<tensor>& outputs) {
  auto z = impl_->gather(dev, outputs);
  if (why == phase::generate || !impl_->classes)
    return z;
  auto y = make<float>(dev, z.extent());
  dev.softmax(view(z), view(y));
  return std::move(y).share();
}

} // namespace nnactor
