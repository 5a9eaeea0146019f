#include "nnactor/partition/transformer.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

double as_double(uint64_t x) {
  return static_cast<double>(x);
}

uint64_t divide_up(uint64_t x, uint64_t by) {
  return (x + by - 1) / by;
}

/// Operations of one layer for one token that attends to `attended` others.
double layer_operations(const transformer_shape& what, double attended) {
  return 2 * what.layer_parameters() + 4 * attended * as_double(what.hidden);
}

/// Adds up the layers of a stage, then all passes of micro-batches.
step_time repeat(step_time layer, double times) {
  return {layer.compute * times, layer.memory * times,
          layer.communication * times};
}

/// Over as many servers as the ways take.
double all_reduce_time(double bytes, uint64_t ways,
                       const server_model& server) {
  auto inside = std::min(ways, server.devices);
  return all_reduce_time(bytes, inside, server.inside)
         + all_reduce_time(bytes, divide_up(ways, inside), server.between);
}

double passes(const transformer_shape& what, const parallel_layout& how) {
  return as_double(divide_up(what.layers, how.stages))
         * as_double(std::max(how.micro_batches, how.stages));
}

/// One layer of decoding on its devices, for one micro-batch.
step_time decode_layer(const transformer_shape& what,
                       const transformer_load& load, const device_model& device,
                       const parallel_layout& how) {
  auto ways = as_double(how.tensor_ways);
  auto sequences = load.sequences / as_double(how.micro_batches);
  auto bytes =
      what.layer_bytes() + sequences * load.context * what.kv_bytes_per_token();
  auto operations = sequences * layer_operations(what, load.context);
  step_time out;
  out.memory = bytes / (ways * device.bandwidth);
  auto compute = operations / (ways * device.peak * device.efficiency);
  out.compute = std::max(0.0, compute - out.memory);
  return out;
}

/// Of the activations of some tokens.
double activation_bytes(const transformer_shape& what, double tokens) {
  return tokens * as_double(what.hidden) * what.value_bytes;
}

} // namespace

double transformer_shape::layer_parameters() const {
  auto h = as_double(hidden);
  return 4 * h * h + mlp_matrices * h * as_double(mlp);
}

double transformer_shape::parameters() const {
  return as_double(layers) * layer_parameters();
}

double transformer_shape::layer_bytes() const {
  return layer_parameters() * value_bytes;
}

double transformer_shape::kv_bytes_per_token() const {
  return 2 * as_double(hidden) * value_bytes;
}

double all_reduce_time(double bytes, uint64_t ways, const link_model& link) {
  if (ways < 2)
    return 0;
  auto t = as_double(ways);
  auto hops = link.kind == collective::ring ? 2 * (t - 1) : 2;
  return hops * link.latency + 2 * (t - 1) / t * bytes / link.bandwidth;
}

step_time decode_time(const transformer_shape& what,
                      const transformer_load& load, const device_model& device,
                      const link_model& link, const parallel_layout& how) {
  return decode_time(what, load, device,
                     server_model{how.devices(), link, link}, how);
}

step_time decode_time(const transformer_shape& what,
                      const transformer_load& load, const device_model& device,
                      const server_model& server, const parallel_layout& how) {
  auto layer = decode_layer(what, load, device, how);
  auto bytes =
      activation_bytes(what, load.sequences / as_double(how.micro_batches));
  // After attention and after the perceptron.
  layer.communication = 2 * all_reduce_time(bytes, how.tensor_ways, server);
  auto stage = repeat(layer, as_double(divide_up(what.layers, how.stages)));
  auto servers = divide_up(how.devices(), server.devices);
  // One hop on, or from the last stage back to the first.
  auto hop = server.between.latency + bytes / server.between.bandwidth;
  auto hops = servers > 1 ? as_double(std::min(servers, how.stages)) : 0;
  if (how.stages == 1)
    hops = 0;
  // What a server sends and what it computes go on at the same time.
  auto busy =
      std::max(stage.total(), hops > 0 ? hop - server.between.latency : 0);
  auto through = as_double(how.stages) * stage.total() + hops * hop;
  auto step = std::max(as_double(how.micro_batches) * busy, through);
  auto out = repeat(stage, as_double(std::max(how.micro_batches, how.stages)));
  out.communication += std::max(0.0, step - out.total());
  return out;
}

step_time prefill_time(const transformer_shape& what,
                       const transformer_load& load, const device_model& device,
                       const link_model& link, const parallel_layout& how) {
  auto ways = as_double(how.tensor_ways);
  auto tokens = load.tokens() / as_double(how.micro_batches);
  // Causal: half of the context on average.
  auto operations = tokens * layer_operations(what, load.context / 2);
  step_time layer;
  layer.memory = what.layer_bytes() / (ways * device.bandwidth);
  auto compute = operations / (ways * device.peak * device.efficiency);
  layer.compute = std::max(0.0, compute - layer.memory);
  layer.communication =
      2
      * all_reduce_time(activation_bytes(what, tokens), how.tensor_ways, link);
  return repeat(layer, passes(what, how));
}

double decode_floor(const transformer_shape& what, const transformer_load& load,
                    const device_model& device, uint64_t devices,
                    bool with_kv) {
  auto bytes = what.parameters() * what.value_bytes;
  if (with_kv)
    bytes += load.tokens() * as_double(what.layers) * what.kv_bytes_per_token();
  return bytes / (as_double(devices) * device.bandwidth);
}

double prefill_floor(const transformer_shape& what,
                     const transformer_load& load, const device_model& device,
                     uint64_t devices) {
  return load.tokens() * as_double(what.layers)
         * layer_operations(what, load.context / 2)
         / (as_double(devices) * device.peak);
}

uint64_t devices_to_reside(const transformer_shape& what,
                           const device_model& device, double share) {
  return static_cast<uint64_t>(
      std::ceil(what.parameters() * what.value_bytes / (device.cache * share)));
}

double device_bytes(const transformer_shape& what, const transformer_load& load,
                    const parallel_layout& how) {
  auto layers = as_double(divide_up(what.layers, how.stages));
  auto ways = as_double(how.tensor_ways);
  auto kv = load.tokens() * what.kv_bytes_per_token();
  return layers * (what.layer_bytes() + kv) / ways
         + 2 * activation_bytes(what, load.sequences);
}

namespace {

/// As many sequences as fit the memory of every device.
double sequences_that_fit(const transformer_shape& what, transformer_load load,
                          const device_model& device,
                          const parallel_layout& how) {
  if (device.memory == 0)
    return load.sequences;
  auto wanted = load.sequences;
  load.sequences = 0;
  auto fixed = device_bytes(what, load, how);
  load.sequences = 1;
  auto each = device_bytes(what, load, how) - fixed;
  return std::min(wanted, std::floor((device.memory - fixed) / each));
}

} // namespace

std::optional<decode_plan> fastest_decode(const transformer_shape& what,
                                          const transformer_load& load,
                                          const device_model& device,
                                          const server_model& server,
                                          uint64_t servers) {
  std::optional<decode_plan> best;
  auto devices = servers * server.devices;
  for (uint64_t ways = 1; ways <= std::min(devices, what.hidden); ways *= 2)
    for (uint64_t stages = 1; stages <= std::min(what.layers, devices / ways);
         ++stages) {
      parallel_layout how{ways, stages, 1};
      auto at = load;
      at.sequences = sequences_that_fit(what, load, device, how);
      if (at.sequences < 1)
        continue;
      for (; as_double(how.micro_batches) <= at.sequences;
           how.micro_batches *= 2) {
        decode_plan next{how, at.sequences,
                         decode_time(what, at, device, server, how)};
        if (!best || next.tokens_per_s() > best->tokens_per_s())
          best = next;
      }
    }
  return best;
}

} // namespace nnactor
