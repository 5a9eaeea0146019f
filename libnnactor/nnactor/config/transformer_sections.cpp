#include "nnactor/config/transformer_sections.hpp"

#include "nnactor/config/sections.hpp"

namespace nnactor {

void require(section& from, std::initializer_list<const char*> keys) {
  for (const auto* key : keys)
    if (!from.has(key))
      from.reject(key, "is missing");
}

void read_dimensions(section& from, transformer_shape& out) {
  from.read("layers", out.layers, sizes);
  from.read("hidden", out.hidden, sizes);
  from.read("mlp", out.mlp, sizes);
  from.read("mlp_matrices", out.mlp_matrices, integer_range{2, 3});
  from.read("value_bytes", out.value_bytes, integer_range{1, 8});
}

link_model read_link_model(section& from) {
  link_model out;
  auto us = 0.0;
  from.read("latency_us", us, at_least_zero);
  from.read("bandwidth_gb_s", out.bandwidth, above_zero);
  require(from, {"latency_us", "bandwidth_gb_s"});
  out.latency = us * 1e-6;
  out.bandwidth *= 1e9;
  return out;
}

void read_device_model(section from, std::string& name, device_model& out) {
  uint64_t cache = 0, memory = 0;
  from.read("name", name);
  from.read("peak_tflops", out.peak, above_zero);
  from.read("memory_tb_s", out.bandwidth, above_zero);
  read_bytes(from, "cache", cache);
  read_bytes(from, "memory", memory);
  from.read("efficiency", out.efficiency, share_of_one);
  from.finish();
  require(from, {"peak_tflops", "memory_tb_s", "cache"});
  out.peak *= 1e12;
  out.bandwidth *= 1e12;
  out.cache = static_cast<double>(cache);
  out.memory = static_cast<double>(memory);
}

} // namespace nnactor
