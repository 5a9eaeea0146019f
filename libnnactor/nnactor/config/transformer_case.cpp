#include "nnactor/config/transformer_case.hpp"

#include "nnactor/config/config_table.hpp"
#include "nnactor/config/transformer_sections.hpp"

namespace nnactor {

namespace {

void read_shape(section from, transformer_case& out) {
  read_dimensions(from, out.shape);
  from.read("sequences", out.load.sequences, above_zero);
  from.read("context", out.load.context, above_zero);
  from.read("claimed_parameters", out.claimed_parameters, above_zero);
  from.finish();
  require(from, {"layers", "hidden", "mlp", "sequences", "context"});
}

void read_devices(section from, transformer_case& out) {
  from.read("count", out.devices, sizes);
  from.read("cache_share", out.cache_share, share_of_one);
  require(from, {"count"});
  read_device_model(std::move(from), out.device_name, out.device);
}

void read_latencies(section& from, std::vector<double>& into) {
  const auto* node = from.take("latencies_us");
  if (node == nullptr)
    return;
  const auto* list = node->as_array();
  if (list == nullptr || list->empty())
    return from.reject_type("latencies_us", "a list of microseconds", *node);
  for (const auto& x : *list) {
    auto us = x.value<double>();
    if (!us || *us < 0)
      return from.reject_at(x, "'latencies_us' must be numbers of at least 0");
    into.push_back(*us * 1e-6);
  }
}

void read_link(section from, transformer_case& out) {
  from.read("bandwidth_gb_s", out.bandwidth, above_zero);
  read_latencies(from, out.latencies);
  from.finish();
  require(from, {"bandwidth_gb_s", "latencies_us"});
  out.bandwidth *= 1e9;
}

void read_candidate(section from, transformer_case& all,
                    transformer_case::candidate& out) {
  from.read("tensor_ways", out.how.tensor_ways, sizes);
  from.read("stages", out.how.stages, sizes);
  from.read("claimed_tokens_per_s", out.claimed_tokens_per_s, above_zero);
  from.finish();
  require(from, {"tensor_ways", "stages", "claimed_tokens_per_s"});
  out.how.micro_batches = out.how.stages;
  if (all.devices > 0 && out.how.devices() > all.devices)
    from.reject(
        fmt::format("takes {} devices of {}", out.how.devices(), all.devices));
  if (all.shape.layers > 0 && out.how.stages > all.shape.layers)
    from.reject("stages",
                fmt::format("are more than the {} layers", all.shape.layers));
}

transformer_case read_case(section root) {
  transformer_case out;
  read_shape(root.inside("transformer"), out);
  read_devices(root.inside("device"), out);
  read_link(root.inside("link"), out);
  read_candidate(root.inside("proposed"), out, out.proposed);
  read_candidate(root.inside("baseline"), out, out.baseline);
  root.finish();
  return out;
}

} // namespace

bool is_transformer_case(const std::string& text) {
  return has_key(text, "transformer");
}

result<transformer_case>
parse_transformer_case(const std::string& text, const std::string& name,
                       const std::vector<override_text>& overrides) {
  return parse_with(read_case, text, name, overrides);
}

std::vector<std::string> transformer_keys() {
  return keys_of(read_case);
}

} // namespace nnactor
