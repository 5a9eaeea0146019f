#include "reports/transformer_report.hpp"

#include "terminal/format.hpp"

#include <cmath>

namespace nnactor {

namespace {

/// The same case with another number of matrices in its perceptrons, or as many
/// layers as it takes to have the claimed parameters.
transformer_shape with_matrices(transformer_shape x, uint32_t matrices) {
  x.mlp_matrices = matrices;
  return x;
}

transformer_shape as_claimed(const transformer_case& of) {
  auto out = of.shape;
  out.layers = static_cast<uint64_t>(
      std::round(of.claimed_parameters / out.layer_parameters()));
  return out;
}

link_model link_of(const transformer_case& of, double latency,
                   collective kind = collective::ring) {
  return {latency, of.bandwidth, kind};
}

/// Decoding reads: products are far from the peak whatever their efficiency.
device_model decoding(const transformer_case& of) {
  auto out = of.device;
  out.efficiency = 1;
  return out;
}

double decode_gain(const transformer_case& of, const link_model& link) {
  auto time = [&](const parallel_layout& how) {
    return decode_time(of.shape, of.load, decoding(of), link, how).total();
  };
  return time(of.baseline.how) / time(of.proposed.how);
}

double gain_with_one_in_flight(transformer_case of) {
  of.baseline.how.micro_batches = 1;
  of.proposed.how.micro_batches = 1;
  return decode_gain(of, {0, of.bandwidth, collective::ring});
}

report_section model(const transformer_case& of) {
  report_section out{"The model, as its dimensions say and as it is claimed",
                     {}};
  for (uint32_t k : {2, 3}) {
    auto x = with_matrices(of.shape, k);
    auto name = [k](const char* what) {
      return fmt::format("{}_k{}", what, k);
    };
    auto how = fmt::format("with {} matrices in a perceptron", k);
    out.all.push_back({name("parameters_b"), x.parameters() / 1e9, 3,
                       "10^9 parameters " + how});
    out.all.push_back({name("weights_gb"), x.parameters() * x.value_bytes / 1e9,
                       2, "GB of weights"});
    if (of.claimed_parameters > 0)
      out.all.push_back(
          {name("layers_claimed"),
           std::round(of.claimed_parameters / x.layer_parameters()), 0,
           "layers it takes to have the claimed parameters"});
  }
  if (of.claimed_parameters > 0)
    out.all.push_back({"claimed_layer_gb",
                       of.claimed_parameters * of.shape.value_bytes
                           / static_cast<double>(of.shape.layers) / 1e9,
                       1, "GB a layer, if its few layers had them"});
  auto tokens = of.load.tokens();
  auto layers = static_cast<double>(of.shape.layers);
  out.all.push_back({"activations_gb",
                     tokens * static_cast<double>(of.shape.hidden)
                         * of.shape.value_bytes / 1e9,
                     3, "GB of activations at a border between layers"});
  out.all.push_back({"kv_bytes", of.shape.kv_bytes_per_token(), 0,
                     "bytes of KV cache a token and layer"});
  out.all.push_back({"kv_gb",
                     tokens * layers * of.shape.kv_bytes_per_token() / 1e9, 1,
                     "GB of KV cache"});
  return out;
}

report_section claims(const transformer_case& of) {
  report_section out{"What is claimed", {}};
  for (auto [name, x] : {std::pair{"proposed", &of.proposed},
                         std::pair{"baseline", &of.baseline}}) {
    auto layout = fmt::format("tensor parallel over {}, {} stages",
                              x->how.tensor_ways, x->how.stages);
    out.all.push_back({fmt::format("{}_tokens_per_s", name),
                       x->claimed_tokens_per_s, 0, "tokens/s, " + layout});
    out.all.push_back({fmt::format("{}_reciprocal_ms", name),
                       1e3 / x->claimed_tokens_per_s, 3,
                       "ms, its reciprocal: no time of a token"});
    out.all.push_back({fmt::format("{}_step_ms", name),
                       1e3 * of.load.sequences / x->claimed_tokens_per_s, 3,
                       "ms a step in which every sequence gets a token"});
  }
  out.all.push_back(
      {"claimed_gain",
       of.proposed.claimed_tokens_per_s / of.baseline.claimed_tokens_per_s, 2,
       "ratio"});
  return out;
}

report_section floors(const transformer_case& of) {
  report_section out{"What no split of it can beat", {}};
  auto add = [&](const std::string& name, double value, int digits,
                 const char* text) {
    out.all.push_back({name, value, digits, text});
  };
  auto dev = decoding(of);
  auto step = decode_floor(of.shape, of.load, dev, of.devices, true);
  add("floor_weights_us",
      1e6 * decode_floor(of.shape, of.load, dev, of.devices, false), 1,
      "us a step of decoding, reading weights alone");
  add("floor_decode_ms", 1e3 * step, 3, "ms a step, with the KV caches");
  add("floor_decode_tokens_per_s", of.load.sequences / step, 0, "tokens/s");
  add("floor_prefill_tokens_per_s",
      of.load.tokens() / prefill_floor(of.shape, of.load, dev, of.devices), 0,
      "tokens/s of prefill at the full peak");
  if (of.claimed_parameters == 0)
    return out;
  auto large = as_claimed(of);
  auto weights = decode_floor(large, of.load, dev, of.devices, false);
  add("claimed_floor_weights_ms", 1e3 * weights, 2,
      "ms a step, weights alone, with the claimed parameters");
  add("claimed_floor_tokens_per_s", of.load.sequences / weights, 0, "tokens/s");
  add("claimed_floor_prefill_tokens_per_s",
      of.load.tokens() / prefill_floor(large, of.load, dev, of.devices), 0,
      "tokens/s of prefill");
  return out;
}

report_section splits(const transformer_case& of) {
  report_section out{"The proposed split over the baseline", {}};
  auto add = [&](const std::string& name, double value, int digits,
                 const std::string& text) {
    out.all.push_back({name, value, digits, text});
  };
  for (auto latency : of.latencies)
    add(fmt::format("decode_gain_ring_{:.3g}us", latency * 1e6),
        decode_gain(of, link_of(of, latency)), 2,
        fmt::format("ratio, decoding, rings of {:.3g} us a hop",
                    latency * 1e6));
  add("decode_gain_two_step",
      decode_gain(of, link_of(of, of.latencies.front(), collective::two_step)),
      2, "ratio, decoding, collectives in two steps through a switch");
  add("decode_gain_one_batch", gain_with_one_in_flight(of), 2,
      "ratio, decoding, one batch in flight");
  auto prefill = [&](const parallel_layout& how) {
    return prefill_time(of.shape, of.load, of.device,
                        link_of(of, of.latencies.front()), how);
  };
  auto slow = prefill(of.baseline.how);
  auto fast = prefill(of.proposed.how);
  add("prefill_gain", slow.total() / fast.total(), 2,
      fmt::format("ratio, prefill at {:.0f} % of the peak, nothing overlapped",
                  of.device.efficiency * 100));
  auto ring =
      (slow.communication - fast.communication) / (slow.total() - fast.total());
  add("prefill_ring_share", ring, 2,
      "share of that gain which is the shorter ring");
  auto all = decode_floor(of.shape, of.load, of.device, of.devices, true);
  auto weights = decode_floor(of.shape, of.load, of.device, of.devices, false);
  add("free_weights_percent", 100 * (all / (all - weights) - 1), 1,
      "% that decoding would gain if weights cost nothing");
  if (ring > 0.9)
    out.conclusion = fmt::format(
        "A gain of {:.0f} % is that of prefill, and of the shorter ring of its "
        "collectives, not of weights that stay in a cache.",
        100 * (slow.total() / fast.total() - 1));
  return out;
}

report_section residency(const transformer_case& of) {
  report_section out{"What the caches hold", {}};
  auto ways = static_cast<double>(of.proposed.how.tensor_ways);
  for (uint32_t k : {2, 3}) {
    auto x = with_matrices(of.shape, k);
    auto slice = x.layer_bytes() / ways;
    out.all.push_back({fmt::format("slice_mb_k{}", k), slice / 1e6, 1,
                       "MB of a layer on each device of the proposed split"});
    out.all.push_back({fmt::format("slice_over_cache_k{}", k),
                       slice / of.device.cache, 1, "times its cache"});
    out.all.push_back(
        {fmt::format("devices_to_reside_k{}", k),
         static_cast<double>(devices_to_reside(x, of.device, of.cache_share)),
         0,
         fmt::format("devices whose caches hold all weights, {:.0f} % full",
                     of.cache_share * 100)});
  }
  if (of.claimed_parameters == 0)
    return out;
  auto large = as_claimed(of);
  // Half of a cache is what is left where its rest serves KV and activations.
  for (auto [name, share] :
       {std::pair{"claimed_devices_to_reside", of.cache_share},
        std::pair{"claimed_devices_to_reside_half", 0.5}})
    out.all.push_back(
        {name, static_cast<double>(devices_to_reside(large, of.device, share)),
         0,
         fmt::format("devices with the claimed parameters, {:.0f} % full",
                     share * 100)});
  return out;
}

} // namespace

std::vector<report_section> report_on(const transformer_case& what) {
  return {model(what), claims(what), floors(what), splits(what),
          residency(what)};
}

std::string render(const transformer_case& of,
                   const std::vector<report_section>& all) {
  auto out = fmt::format(
      "{} x {}, {} layers of {}, {} sequences of {} tokens\n",
      format_count(of.devices), of.device_name, format_count(of.shape.layers),
      format_count(of.shape.hidden), format_decimal(of.load.sequences, 0),
      format_decimal(of.load.context, 0));
  for (const auto& section : all) {
    out += fmt::format("\n{}\n", section.title);
    for (const auto& x : section.all)
      out += fmt::format("  {:<35} {:>12}  {}\n", x.name,
                         format_decimal(x.value, x.digits), x.explanation);
    if (!section.conclusion.empty())
      out += fmt::format("  {}\n", section.conclusion);
  }
  return out;
}

nlohmann::json to_json(const std::vector<report_section>& all) {
  figures out;
  for (const auto& section : all)
    out.insert(out.end(), section.all.begin(), section.all.end());
  return to_json(out);
}

} // namespace nnactor
