#include "nnactor/engine/group_inputs.hpp"

#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// Whether columns that come one after the other are read as they come.
bool is_whole(const shared_spans& spans, uint64_t columns) {
  return spans.empty()
         || (spans.size() == 1 && spans.front().to == 0
             && spans.front().count == columns);
}

matrix first_rows(const tensor& x, uint64_t rows) {
  auto all = view(x);
  return {all.data, rows, all.columns};
}

/// All of them before the first is read: no upload has to wait for kernels.
std::vector<tensor> place_all(device& dev, std::span<const tensor> xs) {
  std::vector<tensor> out;
  for (const auto& x : xs)
    out.push_back(dev.place(x));
  return out;
}

} // namespace

group_inputs::group_inputs(const network& net, const group_graph& graph,
                           const group& reader)
    : adds_(net.layers[reader.layer].kind == layer_kind::stream),
      dropout_(static_cast<float>(net.layers[reader.layer].dropout)),
      tokens_(net.layers.front().tokens) {
  for (const auto& x : reader.upstream) {
    const auto& from = graph.groups[x.group];
    if (from.kind == group_kind::target)
      continue;
    const auto& source = net.layers[from.layer];
    columns_ += x.columns;
    norm_rows_ = std::max(norm_rows_, source.norm_rows());
    sources_.push_back(
        {source.tokens > 0 ? dtype::i32 : dtype::f32, x.columns,
         from.kind == group_kind::neurons,
         fmt::format("the output of group {} for group {} "
                     "(layer '{}')",
                     x.group, reader.id, net.layers[reader.layer].name),
         x.delay, source.norm_rows(), x.spans,
         dropout_ > 0 && gives_sums(source.kind)});
  }
  if (dropout_ > 0)
    for (const auto& ids : reader.neurons.intervals())
      for (auto id = ids.begin; id < ids.end; ++id)
        coordinates_.push_back(id);
  if (adds_)
    columns_ = reader.neurons.size();
  comes_whole_ = is_whole(sources_.front().spans, columns_)
                 && (!adds_ || (norm_rows_ == 0 && dropout_ == 0));
}

caf::error group_inputs::check(const std::string& reader,
                               std::span<const tensor> inputs,
                               uint32_t time) const {
  if (inputs.size() != sources_.size())
    return fail(ec::protocol_violation, "{} got {} inputs instead of {}",
                reader, inputs.size(), sources_.size());
  // What has no row but those of the norm is told by the first check.
  uint64_t rows = 0;
  for (size_t i = inputs.size(); i-- > 0;)
    if (sources_[i].delay == 0)
      rows = std::max(inputs[i].extent().rows, sources_[i].norm_rows + 1)
             - sources_[i].norm_rows;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& from = sources_[i];
    if (time < from.delay)
      continue;
    if (auto err = check_tensor(from.name, inputs[i], from.type,
                                shape{rows + from.norm_rows, from.columns}))
      return err;
    if (from.type == dtype::i32)
      if (auto err = check_range(from.name, inputs[i], tokens_))
        return err;
  }
  return {};
}

uint64_t group_inputs::data_rows(std::span<const tensor> inputs) const {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].empty())
      return inputs[i].extent().rows - sources_[i].norm_rows;
  return 0;
}

tensor group_inputs::gather(device& dev, std::span<const tensor> inputs,
                            const dropped_rows* dropped) const {
  if (!gathers())
    return dev.place(inputs.front());
  shape extent{rows(data_rows(inputs)), columns_};
  if (adds_)
    return sum(dev, place_all(dev, inputs), extent, dropped);
  auto out = make<float>(dev, extent);
  gather(dev, inputs, view(out));
  return std::move(out).share();
}

void group_inputs::gather(device& dev, std::span<const tensor> inputs,
                          mutable_matrix into) const {
  auto placed = place_all(dev, inputs);
  if (adds_) {
    auto all = sum(dev, placed, {into.rows, into.columns}, nullptr);
    return dev.copy_columns(view(all), 0, into.columns, into, 0);
  }
  if (std::ranges::any_of(placed, &tensor::empty))
    dev.clear(into.values());
  uint64_t first = 0;
  for (size_t i = 0; i < placed.size(); ++i) {
    const auto& from = sources_[i];
    if (!from.spans.empty())
      place_columns(dev, view(placed[i]), from.spans, &column_span::to, into);
    else if (!placed[i].empty())
      dev.copy_columns(view(placed[i]), 0, from.columns, into, first);
    first += from.columns;
  }
}

tensor group_inputs::sum(device& dev, const std::vector<tensor>& placed,
                         shape extent, const dropped_rows* dropped) const {
  std::vector<tensor> summands;
  for (size_t i = 0; i < placed.size(); ++i)
    summands.push_back(
        spread(dev, sources_[i], placed[i], extent.rows, dropped));
  return tree_sum(dev, std::move(summands), extent);
}

void group_inputs::drop(device& dev, const dropped_rows& which,
                        mutable_matrix x) const {
  dev.drop({.share = dropout_,
            .key = which.key,
            .first_row = which.first,
            .columns = coordinates_},
           x);
}

tensor group_inputs::spread(device& dev, const source& from, const tensor& x,
                            uint64_t rows, const dropped_rows* dropped) const {
  auto whole = is_whole(from.spans, columns_);
  auto drops = from.drops && dropped != nullptr;
  if (whole && from.norm_rows == 0 && !drops)
    return x;
  auto out = make<float>(dev, {rows, columns_});
  if (!whole)
    dev.clear(view(out).values());
  place_columns(dev, first_rows(x, rows), from.spans, &column_span::to,
                view(out));
  if (drops)
    drop(dev, *dropped, view(out));
  return std::move(out).share();
}

bool group_inputs::learn(uint32_t time) const {
  return std::ranges::any_of(sources_,
                             [time](const source& x) { return x.takes(time); });
}

tensor group_inputs::cut_out(device& dev, const source& from,
                             matrix gradient) const {
  if (!adds_ || from.norm_rows == 0)
    return packed_columns(dev, gradient, from.spans, &column_span::to);
  // Gain and shift of a stream are no matter of the next one.
  auto out = make<float>(dev, {gradient.rows + from.norm_rows, from.columns});
  dev.clear(view(out).values());
  mutable_matrix top{view(out).data, gradient.rows, from.columns};
  pack_columns(dev, gradient, from.spans, &column_span::to, top);
  return std::move(out).share();
}

std::vector<tensor> group_inputs::cut(device& dev, const tensor& gradient,
                                      uint32_t time,
                                      const dropped_rows& which) const {
  if (!gathers())
    return {gradient};
  std::vector<tensor> out(sources_.size());
  tensor dropped;
  if (dropout_ > 0) {
    auto copy = make<float>(dev, gradient.extent());
    dev.copy_columns(view(gradient), 0, columns_, view(copy), 0);
    drop(dev, which, view(copy));
    dropped = std::move(copy).share();
  }
  uint64_t first = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const auto& from = sources_[i];
    const auto& all = from.drops ? dropped : gradient;
    if (from.takes(time)) {
      if (from.spans.empty())
        out[i] = columns_of(dev, view(all), first, from.columns);
      else if (is_whole(from.spans, columns_)
               && (!adds_ || from.norm_rows == 0))
        out[i] = all;
      else
        out[i] = cut_out(dev, from, view(all));
    }
    first += from.columns;
  }
  return out;
}

} // namespace nnactor
