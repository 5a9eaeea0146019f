#include "nnactor/machine/calibration.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/speed.hpp"
#include "nnactor/machine/device_name.hpp"
#include "nnactor/machine/pin.hpp"
#include "nnactor/machine/read_speed.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Between what fits L1 and what fits no cache.
constexpr uint64_t kib = 1 << 10;
constexpr uint64_t sizes[] = {16 * kib,   256 * kib,   512 * kib,
                              1024 * kib, 1536 * kib,  2048 * kib,
                              4096 * kib, 16384 * kib, 262144 * kib};
constexpr auto time_a_size = 60ms;
constexpr auto time_a_product = 250ms;

// Two weight matrices of this size fill no L2, a row of blocks does.
constexpr product_size a_layer{512, 1024, 1024};

// Fills a GPU, and its L2 many times over.
constexpr product_size a_large_layer{4096, 4096, 4096};

/// Calls a second of the fastest call within the time.
template <class Call>
double rate_of(Call&& call) {
  call(); // The first one chooses kernels.
  auto best = clock::duration::max();
  for (auto end = clock::now() + time_a_product; clock::now() < end;) {
    auto begin = clock::now();
    call();
    best = std::min(best, clock::now() - begin);
  }
  return 1 / std::chrono::duration<double>(best).count();
}

double bfloat16_rate() {
  try {
    return a_layer.flop()
           * rate_of(make_bfloat16_product(a_layer.rows, a_layer.inputs,
                                           a_layer.units));
  } catch (const std::exception&) {
    return 0; // This oneDNN has no such kernel for this processor.
  }
}

gpu_speed measure_gpu(device& dev) {
  constexpr size_t beyond_cache = size_t{512} << 20;
  try {
    return {measure_speed(dev, a_large_layer, time_a_product),
            measure_packed_speed(dev, a_large_layer, time_a_product),
            measure_memory_speed(dev, dev.cache_bytes() / 2),
            measure_memory_speed(dev, beyond_cache)};
  } catch (const std::exception&) {
    return {}; // Its driver or its memory refuses.
  }
}

nlohmann::ordered_json identity(const topology& where) {
  return {{"processor", where.processor},
          {"cores", where.cores.size()},
          {"memory", where.memory},
          {"gpus", where.gpus.size()}};
}

} // namespace

calibration measure(const topology& where) {
  calibration out;
  std::thread worker{[&] {
    if (!where.cores.empty())
      pin_this_thread(where.cores.front().cpu);
    for (auto bytes : sizes)
      out.reads.push_back({bytes, measure_read(bytes, time_a_size)});
    out.float32_flop_per_s =
        measure_speed(*make_cpu_device(), a_layer, time_a_product);
    out.bfloat16_flop_per_s = bfloat16_rate();
  }};
  worker.join();
  for (size_t i = 0; i < where.gpus.size(); ++i) {
    auto gpu = open_device(fmt::format("gpu:{}", i));
    out.gpus.push_back(gpu ? measure_gpu(**gpu) : gpu_speed{});
  }
  return out;
}

std::string to_json(const topology& where, const calibration& what) {
  nlohmann::ordered_json out{{"machine", identity(where)},
                             {"reads", nlohmann::json::array()},
                             {"float32_flop_per_s", what.float32_flop_per_s},
                             {"bfloat16_flop_per_s", what.bfloat16_flop_per_s},
                             {"hop_us", what.hop_us},
                             {"gpu_speeds", nlohmann::json::array()}};
  for (auto& x : what.reads)
    out["reads"].push_back(
        {{"bytes", x.bytes}, {"bytes_per_s", x.bytes_per_s}});
  for (auto& x : what.gpus)
    out["gpu_speeds"].push_back({{"float32_flop_per_s", x.float32_flop_per_s},
                                 {"bfloat16_flop_per_s", x.bfloat16_flop_per_s},
                                 {"cache_bytes_per_s", x.cache_bytes_per_s},
                                 {"memory_bytes_per_s", x.memory_bytes_per_s}});
  return out.dump(2, ' ', false,
                  nlohmann::ordered_json::error_handler_t::replace)
         + "\n";
}

result<calibration> from_json(const topology& where, const std::string& text) {
  try {
    auto in = nlohmann::ordered_json::parse(text);
    if (in.at("machine") != identity(where))
      return fail(ec::invalid_data, "was measured on another machine");
    calibration out;
    for (auto& x : in.at("reads"))
      out.reads.push_back({x.at("bytes"), x.at("bytes_per_s")});
    for (auto& x : in.at("gpu_speeds"))
      out.gpus.push_back(
          {x.at("float32_flop_per_s"), x.at("bfloat16_flop_per_s"),
           x.at("cache_bytes_per_s"), x.at("memory_bytes_per_s")});
    out.float32_flop_per_s = in.at("float32_flop_per_s");
    out.bfloat16_flop_per_s = in.at("bfloat16_flop_per_s");
    out.hop_us = in.at("hop_us");
    return out;
  } catch (const nlohmann::json::exception&) {
    return fail(ec::invalid_data, "is no calibration");
  }
}

} // namespace nnactor
