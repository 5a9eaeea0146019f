#include "nnactor/engine/group_layer.hpp"

#include "nnactor/engine/initial_parameters.hpp"
#include "nnactor/network/sparse.hpp"
#include "nnactor/tensor/page_buffer.hpp"

#include <algorithm>

namespace nnactor {

namespace {

std::vector<group_layer::source>
sources_of(const network& net, const group_graph& graph, const group& reader) {
  std::vector<group_layer::source> all;
  for (size_t i = 0; i < reader.upstream.size(); ++i) {
    auto id = reader.upstream[i];
    const auto& from = graph.groups[id];
    auto tokens = net.layers[from.layer].tokens > 0;
    all.push_back({tokens ? dtype::i32 : dtype::f32, from.width,
                   from.kind == group_kind::neurons,
                   fmt::format("the output of group {} for group {} (layer "
                               "'{}')",
                               id, reader.id, net.layers[reader.layer].name),
                   reader.upstream_delays[i]});
  }
  return all;
}

/// Only dense groups have weight columns that depend on the partition.
std::vector<column_run> weight_columns(const network& net,
                                       const group_graph& graph,
                                       const group& reader) {
  if (net.layers[reader.layer].kind != layer_kind::dense)
    return {};
  return column_runs(net, graph, reader);
}

tensor zeros(device& dev, const shape& extent) {
  auto out = make<float>(dev, extent);
  dev.clear(view(out).values());
  return std::move(out).share();
}

bool is_empty(const tensor& x) {
  return x.extent().size() == 0;
}

/// The gathered columns that the neurons of a sparse group read.
std::vector<uint32_t> columns_read(const network& net, const group_graph& graph,
                                   const group& reader) {
  if (net.layers[reader.layer].kind != layer_kind::sparse)
    return {};
  sparse_connections connections{net, reader.layer};
  gathered_columns gathered{column_runs(net, graph, reader)};
  std::vector<uint32_t> out;
  for (const auto& ids : reader.neurons.intervals())
    for (auto id = ids.begin; id < ids.end; ++id)
      for (auto column : connections.of(id))
        out.push_back(static_cast<uint32_t>(gathered.of(column)));
  return out;
}

/// Sums in the given order; one alone is shared, not copied.
tensor sum(device& dev, std::vector<tensor> xs, const shape& extent) {
  std::erase_if(xs, is_empty);
  if (xs.empty())
    return zeros(dev, extent);
  if (xs.size() == 1)
    return xs.front();
  auto total = make<float>(dev, extent);
  dev.copy_columns(view(xs.front()), 0, extent.columns, view(total), 0);
  for (size_t i = 1; i < xs.size(); ++i)
    dev.add(view(xs[i]).values(), view(total).values());
  return std::move(total).share();
}

/// Puts inputs side by side, zeros for those that have not begun.
void gather(device& dev, const std::vector<tensor>& inputs,
            const std::vector<group_layer::source>& sources,
            mutable_matrix into) {
  if (std::ranges::any_of(inputs, is_empty))
    dev.clear(into.values());
  // All of them before the first is copied: no upload has to wait for kernels.
  auto placed = inputs;
  for (auto& x : placed)
    x = dev.place(x);
  uint64_t first = 0;
  for (size_t i = 0; i < placed.size(); ++i) {
    auto count = sources[i].columns;
    if (!is_empty(placed[i]))
      dev.copy_columns(view(placed[i]), 0, count, into, first);
    first += count;
  }
}

uint64_t rows_of(const std::vector<tensor>& inputs) {
  return std::ranges::find_if_not(inputs, is_empty)->extent().rows;
}

} // namespace

group_layer::group_layer(const network& net, const group_graph& graph,
                         group_id id, const train_settings& how)
    : what_(net.layers[graph.groups[id].layer]), width_(graph.groups[id].width),
      sources_(sources_of(net, graph, graph.groups[id])),
      weight_("weight", {graph.groups[id].neurons.size(), what_.row_width},
              true, weight_columns(net, graph, graph.groups[id]),
              how.optimizer),
      columns_(columns_read(net, graph, graph.groups[id])),
      rounds_(how.compute == precision::bfloat16) {
  const auto& neurons = graph.groups[id].neurons;
  if (what_.bias)
    bias_.emplace("bias", shape{neurons.size(), 1}, false,
                  std::vector<column_run>{}, how.optimizer);
  initialise(neurons, how.seed);
}

void group_layer::initialise(const neuron_set& neurons, uint64_t seed) {
  shape extent{neurons.size(), what_.row_width};
  tensor_builder<float> rows{extent,
                             page_buffer(extent.size() * sizeof(float))};
  uint64_t slot = 0;
  for (const auto& ids : neurons.intervals())
    for (auto id = ids.begin; id < ids.end; ++id)
      draw_weights(what_, seed, id, view(rows).row(slot++));
  weight_.assign(as_const(view(rows)));
}

void group_layer::enter(device& dev) {
  if (prepared_.by != &dev)
    prepared_ = {.by = &dev, .weights = {}, .is_current = false, .pattern = {}};
}

uint64_t group_layer::gathered_columns() const {
  uint64_t out = 0;
  for (const auto& from : sources_)
    out += from.columns;
  return out;
}

const sparse_pattern& group_layer::pattern(device& dev) {
  enter(dev);
  if (!prepared_.pattern)
    prepared_.pattern =
        dev.prepare(columns_, weight_.extent().rows, gathered_columns());
  return *prepared_.pattern;
}

packed_weights& group_layer::packed(device& dev) {
  enter(dev);
  if (!prepared_.is_current)
    prepared_.weights =
        dev.pack(as_const(weight_.values(dev)), std::move(prepared_.weights));
  prepared_.is_current = true;
  return *prepared_.weights;
}

void group_layer::multiply(device& dev, matrix x, mutable_matrix z) {
  auto bias = bias_->values(dev).values();
  if (is_sparse())
    dev.sparse_affine(x, {as_const(weight_.values(dev)), pattern(dev)}, bias,
                      z);
  else if (is_rounded())
    dev.packed_affine(x, packed(dev), bias, z);
  else
    dev.affine(x, as_const(weight_.values(dev)), bias, z);
}

void group_layer::answer(device& dev, const std::vector<tensor>& inputs,
                         mutable_matrix gathered, mutable_matrix y) {
  if (sources_.size() > 1) {
    gather(dev, inputs, sources_, gathered);
    return apply(dev, as_const(gathered), y);
  }
  auto x = dev.place(inputs.front());
  if (is_embedding())
    dev.embed(view_tokens(x), as_const(weight_.values(dev)), y);
  else
    apply(dev, view(x), y);
}

void group_layer::apply(device& dev, matrix x, mutable_matrix y) {
  multiply(dev, x, y);
  if (what_.act != activation::none)
    dev.activate(what_.act, as_const(y), y);
}

kept_values group_layer::compute(device& dev, const std::vector<tensor>& inputs,
                                 bool keep_z) {
  kept_values at;
  if (sources_.size() == 1) {
    at.inputs = dev.place(inputs.front());
  } else {
    auto gathered = make<float>(dev, {rows_of(inputs), gathered_columns()});
    gather(dev, inputs, sources_, view(gathered));
    at.inputs = std::move(gathered).share();
  }
  shape extent{at.inputs.extent().rows, width_};
  auto y = make<float>(dev, extent);
  if (is_embedding()) {
    dev.embed(view_tokens(at.inputs), as_const(weight_.values(dev)), view(y));
    at.y = std::move(y).share();
    return at;
  }
  if (keep_z && what_.act == activation::gelu) {
    multiply(dev, view(at.inputs), view(y));
    at.z = std::move(y).share();
    y = make<float>(dev, extent);
    dev.activate(what_.act, view(at.z), view(y));
  } else {
    apply(dev, view(at.inputs), view(y));
  }
  at.y = std::move(y).share();
  return at;
}

tensor
group_layer::through_activation(device& dev, const kept_values& at,
                                const std::vector<tensor>& gradients) const {
  auto placed = gradients;
  for (auto& x : placed)
    x = dev.place(x);
  auto dy = sum(dev, std::move(placed), at.y.extent());
  if (what_.act == activation::none)
    return dy;
  auto dz = make<float>(dev, dy.extent());
  dev.activate_gradient(what_.act, view(at.z), view(at.y), view(dy), view(dz));
  return std::move(dz).share();
}

std::vector<tensor> group_layer::input_gradients(device& dev, const tensor& dz,
                                                 uint32_t time) {
  std::vector<tensor> gradients(sources_.size());
  auto takes = [time](const source& x) { return x.learns && time >= x.delay; };
  if (is_embedding() || std::ranges::none_of(sources_, takes))
    return gradients;
  auto all = make<float>(dev, {dz.extent().rows, gathered_columns()});
  auto weights = as_const(weight_.values(dev));
  if (is_sparse())
    dev.sparse_input_gradient(view(dz), {weights, pattern(dev)}, view(all));
  else if (is_rounded())
    dev.packed_input_gradient(view(dz), packed(dev), view(all));
  else
    dev.affine_input_gradient(view(dz), weights, view(all));
  if (sources_.size() == 1)
    return {std::move(all).share()};
  uint64_t first = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const auto& from = sources_[i];
    if (takes(from))
      gradients[i] = columns_of(dev, as_const(view(all)), first, from.columns);
    first += from.columns;
  }
  return gradients;
}

void group_layer::accumulate(device& dev, const kept_values& at) {
  auto dw = weight_.gradient(dev);
  if (is_embedding())
    return dev.embed_gradient(view_tokens(at.inputs), view(at.dz), dw);
  auto db = bias_->gradient(dev).values();
  if (is_sparse())
    dev.sparse_weight_gradient(view(at.dz), view(at.inputs), pattern(dev), dw,
                               db);
  else if (is_rounded())
    dev.bfloat16_weight_gradient(view(at.dz), view(at.inputs), dw, db);
  else
    dev.affine_weight_gradient(view(at.dz), view(at.inputs), dw, db);
}

} // namespace nnactor
