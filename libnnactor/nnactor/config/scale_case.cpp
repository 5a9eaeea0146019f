#include "nnactor/config/scale_case.hpp"

#include "nnactor/config/config_table.hpp"
#include "nnactor/config/transformer_sections.hpp"

namespace nnactor {

namespace {

void read_servers(section& from, std::vector<uint64_t>& into) {
  const auto* node = from.take("servers");
  if (node == nullptr)
    return;
  const auto* list = node->as_array();
  if (list == nullptr || list->empty())
    return from.reject_type("servers", "a list of numbers of servers", *node);
  for (const auto& x : *list) {
    auto count = x.value_exact<int64_t>();
    if (!count || *count < 1 || *count > 1'000'000
        || (!into.empty() && static_cast<uint64_t>(*count) <= into.back()))
      return from.reject_at(
          x, "'servers' must be ascending integers from 1 to 1000000");
    into.push_back(static_cast<uint64_t>(*count));
  }
}

void read_scale(section from, scale_case& out) {
  read_servers(from, out.servers);
  from.read("sequences", out.load.sequences, above_zero);
  from.read("context", out.load.context, above_zero);
  from.finish();
  require(from, {"servers", "sequences", "context"});
}

void read_server(section from, scale_case& out) {
  from.read("devices", out.server.devices, integer_range{1, 1024});
  out.server.inside = read_link_model(from);
  from.finish();
  require(from, {"devices"});
}

scale_case read_scales(section root) {
  scale_case out;
  read_scale(root.inside("scale"), out);
  read_device_model(root.inside("device"), out.device_name, out.device);
  read_server(root.inside("server"), out);
  root.each("networks", [&](section from) {
    auto& next = out.networks.emplace_back();
    from.read("name", next.name);
    next.between = read_link_model(from);
    from.finish();
    require(from, {"name"});
  });
  root.each("shapes", [&](section from) {
    auto& next = out.shapes.emplace_back();
    from.read("name", next.name);
    read_dimensions(from, next.shape);
    from.finish();
    require(from, {"name", "layers", "hidden", "mlp"});
  });
  root.finish();
  if (out.networks.empty() || out.shapes.empty())
    root.reject("needs at least one table of [[networks]] and of [[shapes]]");
  return out;
}

} // namespace

bool is_scale_case(const std::string& text) {
  return has_key(text, "scale");
}

result<scale_case>
parse_scale_case(const std::string& text, const std::string& name,
                 const std::vector<override_text>& overrides) {
  return parse_with(read_scales, text, name, overrides);
}

std::vector<std::string> scale_keys() {
  return keys_of(read_scales);
}

} // namespace nnactor
