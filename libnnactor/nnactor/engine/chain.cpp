#include "nnactor/engine/chain.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/engine/columns.hpp"

#include <algorithm>
#include <chrono>

namespace nnactor {

namespace {

/// Whether `next` reads what `from` computes as it comes: a stream leaves out
/// the rows of the norm of another one.
bool reads_all(const network& net, const group& from, const group& next) {
  return net.layers[next.layer].kind != layer_kind::stream
         || net.layers[from.layer].norm_rows() == 0;
}

/// Whether `next` can run right behind `from`, in the same block.
bool follows(const network& net, const group_graph& graph,
             const placement& where, const group& from, const group& next) {
  return next.kind == group_kind::neurons && !from.twin && !next.twin
         && from.downstream.size() == 1 && reads_all(net, from, next)
         && next.upstream.size() == 1 && next.upstream.front().group == from.id
         && next.upstream.front().delay == 0
         && where.seats[from.id] == where.seats[next.id]
         && graph.groups[from.id].kind == group_kind::neurons;
}

uint64_t parameters_of(const network& net, const group& x) {
  return x.neurons.size() * net.layers[x.layer].parameters_per_neuron();
}

/// What a chain moves when it answers: its weights, and both halves of its
/// workspace.
struct chain_bytes {
  uint64_t weights = 0;
  uint64_t widest = 0; ///< Columns, of all but the last member.

  uint64_t total() const {
    return weights + 2 * defaults::block_rows * widest * sizeof(float);
  }
};

} // namespace

std::vector<std::vector<group_id>>
find_chains(const network& net, const group_graph& graph,
            const placement& where, node_index node, uint64_t weight_bytes,
            const std::vector<uint64_t>& cache_bytes) {
  std::vector<std::vector<group_id>> out;
  std::vector<bool> taken(graph.groups.size());
  for (const auto& first : graph.groups) {
    if (first.kind != group_kind::neurons || taken[first.id]
        || where.seats[first.id].node != node)
      continue;
    auto cache = cache_bytes[where.seats[first.id].device % cache_bytes.size()];
    auto& chain = out.emplace_back();
    chain_bytes bytes;
    for (const auto* x = &first;;) {
      chain.push_back(x->id);
      taken[x->id] = true;
      bytes.weights += parameters_of(net, *x) * weight_bytes;
      if (x->downstream.size() != 1)
        break;
      const auto* next = &graph.groups[x->downstream.front().group];
      auto with_next = bytes;
      with_next.weights += parameters_of(net, *next) * weight_bytes;
      with_next.widest = std::max(bytes.widest, x->width);
      if (!follows(net, graph, where, *x, *next) || with_next.total() > cache)
        break;
      bytes.widest = with_next.widest;
      x = next;
    }
  }
  return out;
}

chain::chain(std::vector<program_ptr> members)
    : members_(std::move(members)), busy_ns_(members_.size()) {
}

template <class F>
void chain::timed(size_t member, F f) {
  auto start = std::chrono::steady_clock::now();
  f(*members_[member]);
  auto spent = std::chrono::steady_clock::now() - start;
  spend(member, static_cast<uint64_t>(std::chrono::nanoseconds{spent}.count()));
}

tensor chain::forward(device& dev, piece which, phase why,
                      const std::vector<tensor>& inputs,
                      const round_rows* round) {
  if (why == phase::infer || (why == phase::evaluate && !summarises()))
    return answer(dev, inputs);
  tensor x;
  for (size_t i = 0; i < members_.size(); ++i)
    timed(i, [&](group_program& p) {
      x = p.forward(dev, which, why, i == 0 ? inputs : std::vector{x}, round);
    });
  return x;
}

// Nothing but the answer is allocated, once the workspace has grown to the
// largest micro-batch.
tensor chain::answer(device& dev, const std::vector<tensor>& inputs) {
  auto rows = members_.front()->output_rows(inputs);
  mutable_matrix x;
  tensor_builder<float> out{shape{}};
  for (size_t i = 0; i < members_.size(); ++i) {
    auto& p = *members_[i];
    if (i > 0)
      rows = p.output_rows(rows);
    shape extent{rows, p.width()};
    if (i + 1 == members_.size())
      out = make<float>(dev, extent);
    auto y =
        i + 1 == members_.size() ? view(out) : workspace(dev, i % 2, extent);
    if (i > 0)
      p.pass(dev, as_const(x), y);
    else
      p.answer(dev, inputs, workspace(dev, 1, p.gathers(inputs)), y);
    x = y;
  }
  return std::move(out).share();
}

mutable_matrix chain::workspace(device& dev, size_t half, shape of) {
  auto& space = workspace_[half];
  auto bytes = of.size() * sizeof(float);
  if (bytes == 0)
    return {};
  if (space.size() < bytes || space.away() != dev.away())
    space = dev.workspace(bytes);
  return {reinterpret_cast<float*>(space.data()), of.rows, of.columns};
}

std::vector<tensor> chain::backward(device& dev, piece which,
                                    const std::vector<tensor>& gradients) {
  auto out = gradients;
  for (auto i = members_.size(); i-- > 0;)
    timed(i, [&](group_program& p) { out = p.backward(dev, which, out); });
  return out;
}

void chain::accumulate_before(device& dev, uint64_t step, piece end) {
  if (step != step_)
    return;
  auto time_steps = members_.front()->time_steps();
  for (; accumulated_ < end; accumulated_ = next(accumulated_, time_steps))
    for (size_t i = 0; i < members_.size(); ++i)
      timed(i, [&](group_program& p) { p.accumulate(dev, accumulated_); });
}

std::vector<double> chain::squared_gradient_norms(device& dev) {
  std::vector<double> out;
  for (size_t i = 0; i < members_.size(); ++i)
    timed(i, [&](group_program& p) {
      out.push_back(p.squared_gradient_norm(dev));
    });
  return out;
}

void chain::update(device& dev, uint64_t step, float scale) {
  accumulated_ = {};
  step_ = step + 1;
  for (size_t i = 0; i < members_.size(); ++i)
    timed(i, [&](group_program& p) { p.update(dev, step, scale); });
}

} // namespace nnactor
