#include "nnactor/cluster/node.hpp"

#include "nnactor/device/speed.hpp"
#include "nnactor/group/device_actor.hpp"
#include "nnactor/machine/memory_use.hpp"
#include "nnactor/machine/read_speed.hpp"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>

namespace nnactor {

namespace {

constexpr auto time_to_read = std::chrono::milliseconds{20};
constexpr size_t beyond_caches = 64 << 20;

uint64_t millions(double x) {
  return static_cast<uint64_t>(x / 1e6);
}

/// Tells what plans for networks ask of a device besides its speed.
void measure_rates(device& dev, node_info& into) {
  auto mb_s = [&dev](size_t bytes) {
    return millions(dev.away() != nullptr ? measure_memory_speed(dev, bytes)
                                          : measure_read(bytes, time_to_read));
  };
  into.packed_speed = millions(measure_packed_speed(dev));
  into.cache_speed = mb_s(into.cache / 4096 * 4096);
  into.memory_speed = mb_s(std::max<size_t>(beyond_caches, 4 * into.cache));
}

/// What these have to themselves; 0 where some have none.
uint64_t memory_of(const std::vector<node_state::seat>& devices) {
  uint64_t out = 0;
  for (const auto& x : devices) {
    auto own = x.kernels->memory_bytes();
    if (own == 0)
      return 0;
    out += own;
  }
  return out;
}

/// Asks the operating system who we are.
node_info describe_machine() {
  node_info result;
  result.version = protocol_version;
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) == 0)
    result.host = host;
  result.process = static_cast<uint32_t>(getpid());
  result.cores = static_cast<uint32_t>(get_nprocs());
  struct sysinfo machine = {};
  if (sysinfo(&machine) == 0)
    result.memory = machine.totalram * machine.mem_unit;
  return result;
}

} // namespace

void node_state::open_devices() {
  std::vector<std::string> names;
  uint64_t speed = 0;
  for (uint32_t i = 0; i < settings.devices; ++i) {
    auto dev = std::shared_ptr<device>{settings.make_device(i)};
    if (names.empty() || names.back() != dev->name())
      names.push_back(dev->name());
    auto cache =
        dev->cache_bytes() > 0 ? dev->cache_bytes() : settings.cache_bytes;
    // Tests have simulated time, in which nothing has a speed.
    speed += settings.own_threads && settings.measure
                 ? millions(measure_speed(*dev))
                 : 1;
    auto cpu = i < settings.cpus.size() ? std::optional{settings.cpus[i]}
                                        : std::nullopt;
    auto where = settings.own_threads
                     ? std::make_shared<core>(self->system(), cpu)
                     : core_ptr{};
    auto actor = spawn_on<device_state, block_device_actor>(
        self->system(), where, run_device, dev);
    watch_end_of(actor.address(), fmt::format("device {}", i + 1));
    self->link_to(actor);
    devices.push_back({actor, where, std::move(dev), cache});
  }
  info = describe_machine();
  info.devices = settings.devices;
  info.device = fmt::format("{}", fmt::join(names, ", "));
  info.device_memory = memory_of(devices);
  info.speed = speed;
  info.cache = devices.front().cache_bytes;
  if (settings.own_threads && settings.measure)
    measure_rates(*devices.front().kernels, info);
  info.idle_memory = used_memory();
}

} // namespace nnactor
