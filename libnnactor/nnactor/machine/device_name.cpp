#include "nnactor/machine/device_name.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cuda/cuda_launcher.hpp"
#include "nnactor/device/gpu/emulator.hpp"
#include "nnactor/device/gpu/gpu_device.hpp"

#include <charconv>
#include <optional>

namespace nnactor {

namespace {

constexpr uint32_t most_devices = 1024;

std::optional<uint32_t> number_in(std::string_view text) {
  uint32_t out = 0;
  auto* end = text.data() + text.size();
  auto [stopped, wrong] = std::from_chars(text.data(), end, out);
  if (wrong != std::errc{} || stopped != end)
    return std::nullopt;
  return out;
}

/// The number of "gpu:NUMBER".
std::optional<uint32_t> gpu_in(std::string_view name) {
  constexpr std::string_view prefix = "gpu:";
  if (!name.starts_with(prefix))
    return std::nullopt;
  return number_in(name.substr(prefix.size()));
}

bool is_name(std::string_view text) {
  return text == "cpu" || text == "gpu:emulated" || gpu_in(text);
}

caf::error no_such_device(std::string_view name) {
  return fail(
      ec::invalid_argument,
      "there is no device '{}'; devices are cpu, gpu:0, gpu:1 and so on", name);
}

} // namespace

result<std::vector<std::string>> parse_devices(const std::string& text) {
  if (auto count = number_in(text)) {
    if (*count < 1 || *count > most_devices)
      return fail(ec::invalid_argument, "{} devices are not 1 to {}", *count,
                  most_devices);
    return std::vector<std::string>(*count, "cpu");
  }
  std::vector<std::string> out;
  for (size_t first = 0; first <= text.size();) {
    auto comma = std::min(text.find(',', first), text.size());
    auto name = text.substr(first, comma - first);
    if (!is_name(name))
      return no_such_device(name);
    out.push_back(std::move(name));
    first = comma + 1;
  }
  if (out.size() > most_devices)
    return fail(ec::invalid_argument, "{} devices are not 1 to {}", out.size(),
                most_devices);
  return out;
}

result<std::unique_ptr<device>> open_device(const std::string& name) {
  auto gpu = open_launcher(name);
  if (!gpu)
    return gpu.error();
  return *gpu ? make_gpu_device(std::move(*gpu)) : make_cpu_device();
}

result<std::shared_ptr<gpu::launcher>> open_launcher(const std::string& name) {
  if (name == "cpu")
    return std::shared_ptr<gpu::launcher>{};
  if (name == "gpu:emulated")
    return make_emulator();
  auto index = gpu_in(name);
  if (!index)
    return no_such_device(name);
  return make_cuda_launcher(*index);
}

} // namespace nnactor
