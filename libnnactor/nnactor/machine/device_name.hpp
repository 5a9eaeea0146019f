#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/device/gpu/launcher.hpp"
#include "nnactor/error.hpp"

#include <memory>
#include <string>
#include <vector>

namespace nnactor {

// What people call a device: "cpu" for a core, "gpu:0" for the first GPU, and
// "gpu:emulated" for the host in place of one, which is for tests.

/// Reads a number of CPU cores, or names divided by commas, up to 1024. Fails
/// with `ec::invalid_argument`.
result<std::vector<std::string>> parse_devices(const std::string& text);

/// Fails with `ec::invalid_argument` where there is no such device.
result<std::unique_ptr<device>> open_device(const std::string& name);

/// The GPU of that name, null for a CPU. Fails as `open_device` does.
result<std::shared_ptr<gpu::launcher>> open_launcher(const std::string& name);

} // namespace nnactor
