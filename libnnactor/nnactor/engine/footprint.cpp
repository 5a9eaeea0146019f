#include "nnactor/engine/footprint.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/device/cached_rows.hpp"
#include "nnactor/engine/chain.hpp"
#include "nnactor/engine/layer_kinds.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace nnactor {

namespace {

constexpr uint64_t value_bytes = sizeof(float); ///< Of tokens, too.

// Kernels that oneDNN makes, what CAF and the store keep; measured.
constexpr uint64_t smallest_job = 11 << 20;

// From here on memory goes back to the system, see main.cpp. What is smaller
// stays with a heap, which takes a tenth more than what is in it; measured.
constexpr uint64_t given_back = 64 << 20;

// See `huge_buffer`.
constexpr uint64_t huge_page = 2 << 20;

/// Pieces of work that a node has at the same time, and their rows.
struct work_held {
  uint64_t forwarded = 0; ///< In flight.
  uint64_t finished = 0;  ///< Whose gradients wait to be added up.
  uint64_t rows = 0;
};

work_held work_in_training(const network& net, const train_settings& how,
                           uint32_t nodes) {
  if (!how.learns)
    return {};
  auto in_flight = std::min(how.window, how.micro_batches);
  // As many as may wait (see `neuron_group_state::start_accumulates`), and the
  // one that is being added up; where nodes wait for each other, they have time
  // for some.
  auto most = how.recompute ? 0 : nodes > 1 ? how.window - 1 : how.window + 1;
  auto waiting = std::min(most, how.micro_batches - in_flight);
  return {uint64_t{in_flight} * net.time_steps,
          uint64_t{waiting} * net.time_steps,
          uint64_t{how.batch / how.micro_batches} * net.context};
}

work_held work_in_answering(const network& net, const train_settings& how,
                            uint64_t asked) {
  auto most = how.learns ? defaults::validation_examples(net.answers()) : asked;
  auto batches = (asked + most - 1) / most;
  return {std::min<uint64_t>(how.window, batches), 0,
          std::min(most, asked) * net.context};
}

/// Values of one example at one time step that a node has.
struct values_held {
  uint64_t forwarded = 0; ///< Between forward and backward.
  uint64_t finished = 0;  ///< Between backward and accumulate.
  uint64_t passing = 0;   ///< Of whatever is under way.
  uint64_t turned = 0;    ///< Of that, what sparse layers turn on its side.
  uint64_t again = 0;     ///< Of that, what is computed a second time.
  uint64_t widest = 0;    ///< Of one tensor.
};

/// What is at the same time on one node.
class node_view {
public:
  node_view(const network& net, const arrangement& on,
            const train_settings& how, node_index node)
      : net_(net), on_(on), how_(how), node_(node) {
  }

  /// See `kept_values`. What a group reads it keeps as it came from the one
  /// producer, or a copy of what came from several.
  values_held training() const {
    values_held out;
    std::map<group_id, layer_maths::until> kept; // Outputs, by readers here.
    for (auto& g : on_.graph.groups)
      if (is_here(g.id)) {
        add_group(out, kept, g);
        add_size(out, g);
      }
    for (auto& g : on_.graph.groups)
      if (auto found = kept.find(g.id); found != kept.end()) {
        if (found->second == layer_maths::until::accumulate)
          out.finished += g.width;
        if (!is_here(g.id) || !keeps_output(g))
          out.forwarded += g.width;
      }
    out.passing += arriving([&](const group& g) {
      return kept.contains(g.id) ? uint64_t{0} : uint64_t{1};
    });
    return out;
  }

  /// Without a backward pass nothing is kept: values go from one chain to the
  /// next. Only of what is computed from the input alone, all time steps may
  /// be there at the same time.
  values_held
  answering(const std::vector<std::vector<group_id>>& chains) const {
    values_held out;
    std::map<layer_id, std::pair<uint64_t, uint64_t>> layers; // Read, written.
    auto all_steps = uint64_t{on_.graph.time_steps};
    out.forwarded += arriving([&](const group& g) {
      return g.kind == group_kind::neurons ? uint64_t{1} : all_steps;
    });
    for (auto& chain : chains) {
      auto& head = on_.graph.groups[chain.front()];
      auto& tail = on_.graph.groups[chain.back()];
      auto& [read, written] = layers[tail.layer];
      read = std::max(read, inputs(head, true));
      written +=
          tail.width
          * (ends_of(head.upstream) == std::vector{group_graph::input_group}
                 ? all_steps
                 : 1);
    }
    uint64_t most = 0;
    for (auto& [layer, x] : layers)
      most = std::max(most, x.first + x.second);
    out.forwarded += most;
    for (auto& g : on_.graph.groups)
      if (is_here(g.id)) {
        auto loss = g.kind == group_kind::loss;
        out.passing =
            std::max(out.passing, loss ? 2 * inputs(g, false) : turned(g));
        add_size(out, g);
      }
    return out;
  }

  /// Of chains, which keep it; see `chain`.
  uint64_t workspaces(const std::vector<std::vector<group_id>>& chains,
                      uint64_t rows) const {
    uint64_t small = 0;
    uint64_t large = 0;
    for (auto& chain : chains) {
      auto& head = on_.graph.groups[chain.front()];
      uint64_t halves[2] = {0, sources(head) > 1 ? inputs(head, false) : 0};
      for (size_t i = 0; i + 1 < chain.size(); ++i)
        halves[i % 2] =
            std::max(halves[i % 2], on_.graph.groups[chain[i]].width);
      for (auto columns : halves) {
        auto bytes = rows * columns * value_bytes;
        (bytes > huge_page ? large : small) +=
            bytes > huge_page ? whole_pages(bytes) : bytes;
      }
    }
    return large + whole_pages(small);
  }

private:
  static uint64_t whole_pages(uint64_t bytes) {
    return (bytes + huge_page - 1) / huge_page * huge_page;
  }

  bool is_here(group_id id) const {
    return on_.where.seats[id].node == node_;
  }

  /// Columns that a group reads.
  uint64_t inputs(const group& what, bool only_from_here) const {
    uint64_t out = 0;
    for (auto& from : what.upstream)
      if (on_.graph.groups[from.group].kind != group_kind::target
          && (!only_from_here || is_here(from.group)))
        out += how_.learns ? from.told_columns() : from.columns;
    return out;
  }

  /// Groups whose outputs it brings together.
  static size_t sources(const group& what) {
    return static_cast<size_t>(std::ranges::count_if(
        what.upstream,
        [](group_id id) { return id != group_graph::target_group; },
        &edge::group));
  }

  layer_costs costs(const group& what) const {
    return costs_of(net_, net_.layers[what.layer], how_);
  }

  /// Columns that are turned on their side to be read and written.
  uint64_t turned(const group& what) const {
    return what.kind == group_kind::neurons && costs(what).turns
               ? inputs(what, false) + what.width
               : 0;
  }

  void add_size(values_held& to, const group& what) const {
    to.widest = std::max(to.widest, what.width);
    if (what.kind == group_kind::neurons)
      to.widest =
          std::max(to.widest, costs(what).widest.of(what.neurons.size()));
    to.turned = std::max(to.turned, turned(what));
  }

  /// Columns that other nodes have sent and that wait to be read, where most
  /// do: from the layer that gave them to the last one here that reads them.
  /// @param times How often what a group has sent is there.
  template <class Times>
  uint64_t arriving(Times times) const {
    std::vector<uint64_t> waiting(net_.layers.size() + 1);
    for (auto& g : on_.graph.groups) {
      if (is_here(g.id))
        continue;
      uint64_t columns = 0;
      auto last = g.layer;
      for (auto& to : g.downstream) {
        if (!is_here(to.group))
          continue;
        columns = to.cut || (to.summarised && how_.learns)
                      ? columns + to.told_columns()
                      : std::max(columns, g.width);
        last = std::max(last, on_.graph.groups[to.group].layer);
      }
      // What goes back in time waits all the time.
      for (size_t layer = last > g.layer ? g.layer + 1 : 0; layer <= last;
           ++layer)
        waiting[layer] += columns * times(g);
    }
    return *std::ranges::max_element(waiting);
  }

  bool keeps_output(const group& what) const {
    return what.kind == group_kind::neurons && !how_.recompute
           && costs(what).keeps_y;
  }

  void add_group(values_held& to, std::map<group_id, layer_maths::until>& kept,
                 const group& what) const {
    auto all = inputs(what, false);
    auto gathered = sources(what) > 1 ? all : 0;
    if (what.kind == group_kind::loss) {
      to.passing = std::max(to.passing, gathered + 2 * all);
      return;
    }
    auto takes = costs(what);
    auto neurons = what.neurons.size();
    auto reads = takes.inputs == layer_maths::until::forward ? 0 : gathered;
    if (gathered == 0 && takes.inputs != layer_maths::until::forward) {
      auto& until = kept[what.upstream.front().group];
      until = std::max(until, takes.inputs);
    }
    auto rounds = how_.link == precision::bfloat16;
    auto again = takes.keeps.of(neurons) + takes.keeps_y * what.width;
    to.forwarded += reads + rounds * what.width + (how_.recompute ? 0 : again);
    to.finished +=
        takes.leaves.of(neurons) + what.width
        + (takes.inputs == layer_maths::until::accumulate ? reads : 0);
    // The gradient of what it read, and that in parts.
    auto second = how_.recompute ? again : 0;
    to.again = std::max(to.again, second);
    to.passing = std::max(to.passing, all + gathered + what.width + turned(what)
                                          + takes.passes.of(neurons) + second);
  }

  const network& net_;
  const arrangement& on_;
  const train_settings& how_;
  node_index node_;
};

bool is_given_back(const values_held& values, const work_held& work) {
  return work.rows * values.widest * value_bytes >= given_back;
}

uint64_t bytes_of(const values_held& values, const work_held& work) {
  auto bytes = work.rows * value_bytes
               * (values.forwarded * work.forwarded
                  + values.finished * work.finished + values.passing);
  if (is_given_back(values, work))
    return bytes;
  // What comes and goes between what stays leaves holes too small for the next;
  // measured.
  bytes += work.rows * value_bytes * (values.turned + values.again / 2);
  return bytes + bytes / 10;
}

/// What a group has for as long as a job runs.
void add_parameters(node_footprint& to, const network& net,
                    const group_graph& graph, const group& what,
                    const train_settings& how) {
  const auto& of = net.layers[what.layer];
  auto neurons = what.neurons.size();
  ++to.groups;
  if (!has_neurons(of.kind))
    return;
  auto parameters = neurons * of.parameters_per_neuron();
  // A borrower has a gradient of its own.
  if (how.learns && what.borrows())
    to.gradients +=
        graph.groups[*what.twin].neurons.size() * of.row_width * value_bytes;
  to.neurons += neurons;
  to.parameters += parameters;
  to.weights += parameters * value_bytes;
  auto costs = costs_of(net, of, how);
  to.weights += neurons * costs.index_bytes;
  // Rounded copies for both directions, and one on the way there.
  if (costs.rounds)
    to.weights += 3 * parameters * sizeof(uint16_t);
  if (of.kind == layer_kind::attention)
    to.cache += 2 * how.pages * page_positions * neurons
                * of.attention.head_size * value_bytes;
  if (!how.learns) {
    // Group by group.
    to.saving = std::max(to.saving, parameters * value_bytes);
    return;
  }
  to.gradients += parameters * value_bytes;
  to.optimizer += parameters * optimizer_bytes(how.optimizer.kind);
  to.saving += parameters * (value_bytes + optimizer_bytes(how.optimizer.kind));
}

/// What is under way on a link that keeps up, at either end: no more than what
/// crosses it in flight.
void add_buffers(std::vector<node_footprint>& to, const network& net,
                 const arrangement& on, const train_settings& how,
                 const work_held& training, const work_held& validation) {
  for (auto& link : traffic(net, on, how)) {
    auto steps = uint64_t{on.graph.time_steps};
    auto rows = uint64_t{how.batch} * on.graph.context;
    auto a_row = (link.forward + link.backward) / rows / steps;
    auto forward_row = link.forward / rows / steps;
    auto bytes = std::min(
        defaults::credit_bytes,
        std::max(a_row * training.rows * training.forwarded / steps,
                 forward_row * validation.rows * validation.forwarded));
    for (auto node : {link.from, link.to})
      if (node != on.where.driver())
        to[node].buffers += bytes;
  }
}

} // namespace

uint64_t optimizer_bytes(optimizer_kind kind) {
  return (kind == optimizer_kind::sgd ? 1 : 2) * value_bytes;
}

uint64_t parameter_bytes(optimizer_kind kind) {
  return 3 * value_bytes + 2 * optimizer_bytes(kind);
}

uint64_t process_bytes(const node_frame& without_a_job) {
  return without_a_job.memory + smallest_job;
}

std::vector<node_footprint>
footprints(const network& net, const arrangement& on, const train_settings& how,
           uint64_t asked, const std::vector<node_frame>& frames) {
  std::vector<node_footprint> out(on.where.nodes);
  for (auto& g : on.graph.groups)
    if (on.where.seats[g.id].node != on.where.driver())
      add_parameters(out[on.where.seats[g.id].node], net, on.graph, g, how);
  auto training = work_in_training(net, how, on.where.nodes);
  auto validation = work_in_answering(net, how, asked);
  auto weight_bytes =
      how.compute == precision::bfloat16 ? sizeof(uint16_t) : sizeof(float);
  for (node_index node = 0; node < on.where.nodes; ++node) {
    auto& at = out[node];
    auto chains = find_chains(net, on.graph, on.where, node, weight_bytes,
                              {frames[node].cache});
    node_view here{net, on, how, node};
    auto kept = here.workspaces(chains, validation.rows);
    at.process = process_bytes(frames[node]);
    at.training = bytes_of(here.training(), training) + kept;
    auto answering = here.answering(chains);
    at.validation = bytes_of(answering, validation) + kept;
    // Nothing is saved while it validates, or read while it answers.
    if (is_given_back(answering, validation))
      at.validation -= std::min(at.validation, at.saving);
  }
  add_buffers(out, net, on, how, training, validation);
  return out;
}

} // namespace nnactor
