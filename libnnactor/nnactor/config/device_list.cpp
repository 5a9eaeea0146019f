#include "nnactor/config/device_list.hpp"

#include "nnactor/config/config_table.hpp"
#include "nnactor/config/transformer_sections.hpp"

namespace nnactor {

namespace {

constexpr uint64_t most_devices = 1'000'000;

link_model read_links(section from) {
  static const choices<collective> kinds{{"direct", collective::two_step},
                                         {"ring", collective::ring}};
  auto out = read_link_model(from);
  out.kind = collective::two_step;
  from.read("collective", out.kind, kinds);
  from.finish();
  return out;
}

void add_servers(section from, device_list& into) {
  uint64_t count = 1, devices = 1;
  auto share = 0.8, cache_tb_s = 0.0;
  std::string name;
  device_model of;
  from.read("count", count, sizes);
  from.read("devices", devices, sizes);
  from.read("cache_share", share, share_of_one);
  from.read("cache_tb_s", cache_tb_s, above_zero);
  read_device_model(from, name, of);
  auto room = most_devices - into.on.devices.size();
  if (count > room || devices > room / count)
    return from.reject(
        fmt::format("[[servers]] makes more than {} devices", most_devices));
  planned_device one;
  one.flops = of.peak * of.efficiency;
  one.bandwidth = of.bandwidth;
  one.cache_bandwidth = std::max(of.bandwidth, cache_tb_s * 1e12);
  one.cache = of.cache * share;
  one.memory = of.memory;
  for (uint64_t i = 0; i < count; ++i) {
    into.on.devices.insert(into.on.devices.end(), devices, one);
    into.on.servers.insert(into.on.servers.end(), devices,
                           static_cast<uint32_t>(into.servers.size()));
    into.servers.push_back(name);
  }
}

device_list read_devices(section root) {
  device_list out;
  out.on.inside = read_links(root.inside("inside"));
  out.on.between = read_links(root.inside("between"));
  root.each("servers", [&](section from) { add_servers(from, out); });
  root.finish();
  if (out.on.devices.empty())
    root.reject("needs at least one table of [[servers]]");
  return out;
}

} // namespace

result<device_list> parse_device_list(const std::string& text,
                                      const std::string& name) {
  return parse_with(read_devices, text, name, {});
}

std::vector<std::string> device_list_keys() {
  return keys_of(read_devices);
}

} // namespace nnactor
