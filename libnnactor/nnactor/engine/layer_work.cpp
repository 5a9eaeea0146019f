#include "nnactor/engine/layer_work.hpp"

#include "nnactor/engine/footprint.hpp"
#include "nnactor/engine/layer_kinds.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr double value_bytes = sizeof(float);
constexpr double rounded_bytes = sizeof(uint16_t);

// What the runtime takes for a layer and a micro-batch: messages, blocks and
// their queues, as `nnactor bench plan` finds.
constexpr double training_overhead = 13e-6;
constexpr double answering_overhead = 2e-6;

struct pass {
  double rows = 0; ///< Of a micro-batch at one time step.
  bool learns = false;
  double micro_batches = 1; ///< That share the optimizer's pass.
  double steps = 1;         ///< Time steps, each of which goes through alone.
};

/// Whether a gradient of its inputs is asked for.
bool passes_gradients(const network& net, const layer& what) {
  return std::ranges::any_of(what.inputs, [&](layer_id id) {
    return has_neurons(net.layers[id].kind);
  });
}

double parameters_of(const layer& what) {
  return static_cast<double>(what.parameters());
}

/// Bytes of the weights as they are multiplied.
double weight_bytes(const network& net, const layer& what,
                    const train_settings& how) {
  return parameters_of(what)
         * (costs_of(net, what, how).rounds ? rounded_bytes : value_bytes);
}

/// What it touches of its parameters, of which all are so many bytes.
double touched(const network& net, const layer& what, const train_settings& how,
               const pass& of, double bytes) {
  if (!costs_of(net, what, how).looks_up)
    return bytes;
  return std::min(bytes,
                  of.rows * static_cast<double>(what.width) * value_bytes);
}

double flop_of(const network& net, const layer& what, const train_settings& how,
               const pass& of) {
  auto passes = !of.learns ? 1 : passes_gradients(net, what) ? 3 : 2;
  return of.rows * of.steps * costs_of(net, what, how).flop * passes;
}

double moved_of(const network& net, const layer& what,
                const train_settings& how, const pass& of) {
  auto weights = touched(net, what, how, of, weight_bytes(net, what, how));
  if (!of.learns)
    return of.steps * weights;
  auto gradients =
      touched(net, what, how, of, 2 * parameters_of(what) * value_bytes);
  // Gradient, weights and state are read, weights and state are written.
  auto update =
      parameters_of(what)
      * (3 * value_bytes
         + 2 * static_cast<double>(optimizer_bytes(how.optimizer.kind)));
  return of.steps * (2 * weights + gradients) + update / of.micro_batches;
}

double resident_of(const network& net, const layer& what,
                   const train_settings& how, const pass& of) {
  auto weights = weight_bytes(net, what, how);
  if (!of.learns)
    return weights;
  auto masters = parameters_of(what)
                 * (2 * value_bytes
                    + static_cast<double>(optimizer_bytes(how.optimizer.kind)));
  return costs_of(net, what, how).rounds ? 2 * weights + masters : masters;
}

/// Values that it keeps of the micro-batches in flight, besides its parameters.
double memory_of(const network& net, const layer& what,
                 const train_settings& how, const pass& of) {
  double columns = 0;
  for (auto id : what.inputs)
    columns += static_cast<double>(net.layers[id].width);
  auto kept = of.learns ? columns + 3 * static_cast<double>(what.width)
                        : static_cast<double>(what.width);
  auto in_flight = std::min(how.window, how.micro_batches);
  auto saved =
      value_bytes + static_cast<double>(optimizer_bytes(how.optimizer.kind));
  return resident_of(net, what, how, of)
         + (of.learns ? parameters_of(what) * saved : 0)
         + in_flight * of.rows * of.steps * kept * value_bytes;
}

/// Columns that a layer sends behind it; a vocabulary that learns tells a
/// summary.
double sent_columns(const layer& what, const pass& of) {
  auto tells = of.learns && what.kind == layer_kind::vocabulary;
  return static_cast<double>(tells ? edge::summary_columns : what.width);
}

/// By border behind a layer: columns of layers before it that somebody behind
/// it reads.
std::vector<double> columns_across(const network& net) {
  std::vector<layer_id> last_reader(net.layers.size());
  for (layer_id to = 0; to < net.layers.size(); ++to)
    for (auto from : net.layers[to].inputs)
      last_reader[from] = std::max(last_reader[from], to);
  std::vector<double> out(net.layers.size());
  auto across = 0.0;
  std::vector<double> ends(net.layers.size());
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    across -= ends[id];
    if (has_neurons(net.layers[id].kind) && last_reader[id] > id) {
      auto width = static_cast<double>(net.layers[id].width);
      across += width;
      ends[last_reader[id]] += width;
    }
    out[id] = across;
  }
  return out;
}

network_work work_of(const network& net, const train_settings& how,
                     const pass& of) {
  network_work out;
  auto across = columns_across(net);
  auto sent = how.link == precision::bfloat16 ? rounded_bytes : value_bytes;
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    const auto& what = net.layers[id];
    // What borrows its parameters goes where they are.
    if (what.units == 0)
      continue;
    out.layers.push_back(id);
    out.job.layers.push_back(
        {flop_of(net, what, how, of), moved_of(net, what, how, of),
         resident_of(net, what, how, of), memory_of(net, what, how, of),
         of.rows * sent_columns(what, of) * sent, of.rows * across[id] * sent,
         of.steps * (of.learns ? training_overhead : answering_overhead)});
  }
  return out;
}

} // namespace

network_work training_work(const network& net, const train_settings& how) {
  auto out = work_of(net, how,
                     {static_cast<double>(how.batch / how.micro_batches)
                          * static_cast<double>(net.context),
                      true, static_cast<double>(how.micro_batches),
                      static_cast<double>(net.time_steps)});
  out.job.micro_batches = how.micro_batches;
  out.job.exchanges = 2 * net.time_steps;
  return out;
}

double training_flop(const network& net, const train_settings& how) {
  auto sum = 0.0;
  for (const auto& x : training_work(net, how).job.layers)
    sum += x.flop;
  return sum * how.micro_batches;
}

network_work inference_work(const network& net, const train_settings& how,
                            uint64_t examples) {
  auto out = work_of(net, how,
                     {static_cast<double>(examples * net.context), false, 1,
                      static_cast<double>(net.time_steps)});
  out.job.micro_batches = how.window;
  out.job.exchanges = net.time_steps;
  return out;
}

} // namespace nnactor
