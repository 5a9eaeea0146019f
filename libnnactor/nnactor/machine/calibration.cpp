#include "nnactor/machine/calibration.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
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
constexpr uint64_t rows = 512;
constexpr uint64_t depth = 1024;
constexpr uint64_t columns = 1024;
constexpr double flop = 2.0 * rows * depth * columns;

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

double float32_rate() {
  auto dev = make_cpu_device();
  std::vector<float> x(rows * depth), w(columns * depth), b(columns);
  std::vector<float> y(rows * columns);
  return flop * rate_of([&] {
           dev->affine({x.data(), rows, depth}, {w.data(), columns, depth}, b,
                       {y.data(), rows, columns});
         });
}

double bfloat16_rate() {
  try {
    return flop * rate_of(make_bfloat16_product(rows, depth, columns));
  } catch (const std::exception&) {
    return 0; // This oneDNN has no such kernel for this processor.
  }
}

nlohmann::ordered_json identity(const topology& where) {
  return {{"processor", where.processor},
          {"cores", where.cores.size()},
          {"memory", where.memory}};
}

} // namespace

calibration measure(const topology& where) {
  calibration out;
  std::thread worker{[&] {
    if (!where.cores.empty())
      pin_this_thread(where.cores.front().cpu);
    for (auto bytes : sizes)
      out.reads.push_back({bytes, measure_read(bytes, time_a_size)});
    out.float32_flop_per_s = float32_rate();
    out.bfloat16_flop_per_s = bfloat16_rate();
  }};
  worker.join();
  return out;
}

std::string to_json(const topology& where, const calibration& what) {
  nlohmann::ordered_json out{{"machine", identity(where)},
                             {"reads", nlohmann::json::array()},
                             {"float32_flop_per_s", what.float32_flop_per_s},
                             {"bfloat16_flop_per_s", what.bfloat16_flop_per_s},
                             {"hop_us", what.hop_us}};
  for (auto& x : what.reads)
    out["reads"].push_back(
        {{"bytes", x.bytes}, {"bytes_per_s", x.bytes_per_s}});
  return out.dump(2) + "\n";
}

result<calibration> from_json(const topology& where, const std::string& text) {
  try {
    auto in = nlohmann::ordered_json::parse(text);
    if (in.at("machine") != identity(where))
      return fail(ec::invalid_data, "was measured on another machine");
    calibration out;
    for (auto& x : in.at("reads"))
      out.reads.push_back({x.at("bytes"), x.at("bytes_per_s")});
    out.float32_flop_per_s = in.at("float32_flop_per_s");
    out.bfloat16_flop_per_s = in.at("bfloat16_flop_per_s");
    out.hop_us = in.at("hop_us");
    return out;
  } catch (const nlohmann::json::exception&) {
    return fail(ec::invalid_data, "is no calibration");
  }
}

} // namespace nnactor
