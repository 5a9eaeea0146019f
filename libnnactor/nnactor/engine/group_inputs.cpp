#include "nnactor/engine/group_inputs.hpp"

#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"

#include <algorithm>

namespace nnactor {

namespace {

uint64_t rows_of(const std::vector<tensor>& inputs) {
  return std::ranges::find_if_not(inputs, &tensor::empty)->extent().rows;
}

} // namespace

group_inputs::group_inputs(const network& net, const group_graph& graph,
                           const group& reader)
    : tokens_(net.layers.front().tokens) {
  for (const auto& x : reader.upstream) {
    const auto& from = graph.groups[x.group];
    auto tokens = net.layers[from.layer].tokens > 0;
    columns_ += x.columns;
    sources_.push_back(
        {tokens ? dtype::i32 : dtype::f32, x.columns,
         from.kind == group_kind::neurons,
         fmt::format("the output of group {} for group {} "
                     "(layer '{}')",
                     x.group, reader.id, net.layers[reader.layer].name),
         x.delay});
  }
}

caf::error group_inputs::check(const std::string& reader,
                               const std::vector<tensor>& inputs,
                               uint32_t time) const {
  if (inputs.size() != sources_.size())
    return fail(ec::protocol_violation, "{} got {} inputs instead of {}",
                reader, inputs.size(), sources_.size());
  uint64_t rows = 0;
  for (size_t i = inputs.size(); i-- > 0;)
    if (sources_[i].delay == 0)
      rows = inputs[i].extent().rows;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& from = sources_[i];
    if (time < from.delay)
      continue;
    if (auto err = check_tensor(from.name, inputs[i], from.type,
                                shape{rows, from.columns}))
      return err;
    if (from.type == dtype::i32)
      if (auto err = check_range(from.name, inputs[i], tokens_))
        return err;
  }
  return {};
}

tensor group_inputs::gather(device& dev,
                            const std::vector<tensor>& inputs) const {
  if (!gathers())
    return dev.place(inputs.front());
  auto out = make<float>(dev, {rows_of(inputs), columns_});
  gather(dev, inputs, view(out));
  return std::move(out).share();
}

void group_inputs::gather(device& dev, const std::vector<tensor>& inputs,
                          mutable_matrix into) const {
  if (std::ranges::any_of(inputs, &tensor::empty))
    dev.clear(into.values());
  // All of them before the first is copied: no upload has to wait for kernels.
  auto placed = inputs;
  for (auto& x : placed)
    x = dev.place(x);
  uint64_t first = 0;
  for (size_t i = 0; i < placed.size(); ++i) {
    auto count = sources_[i].columns;
    if (!placed[i].empty())
      dev.copy_columns(view(placed[i]), 0, count, into, first);
    first += count;
  }
}

bool group_inputs::learn(uint32_t time) const {
  return std::ranges::any_of(sources_,
                             [time](const source& x) { return x.takes(time); });
}

std::vector<tensor> group_inputs::cut(device& dev, const tensor& gradient,
                                      uint32_t time) const {
  if (!gathers())
    return {gradient};
  std::vector<tensor> out(sources_.size());
  uint64_t first = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    const auto& from = sources_[i];
    if (from.takes(time))
      out[i] = columns_of(dev, view(gradient), first, from.columns);
    first += from.columns;
  }
  return out;
}

} // namespace nnactor
