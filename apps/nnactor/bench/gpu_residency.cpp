#include "bench/bench.hpp"
#include "bench/stopwatch.hpp"

#include "nnactor/engine/chain.hpp"
#include "nnactor/machine/device_name.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace nnactor {

namespace {

constexpr auto time_a_case = std::chrono::milliseconds{300};
constexpr int passes_a_turn = 20;
constexpr uint64_t usual_width = 512;

/// Where the device does not say how large its cache is.
constexpr uint64_t any_cache = 4 << 20;

/// Dense layers of equal width that follow each other.
network_description six_layers(uint64_t width) {
  network_description out;
  for (int i = 1; i <= 6; ++i) {
    auto& x = out.layers.emplace_back();
    x.name = fmt::format("layer {}", i);
    x.units = width;
    x.act = activation::relu;
  }
  out.loss = layer_kind::mean_squared_error;
  return out;
}

/// A block of six layers of bfloat16 weights on one device.
class block_under_test {
public:
  block_under_test(device& dev, const network& net)
      : dev_(dev), layers_(programs_of(net)),
        evicted_(
            make<float>(dev, {1, 4 * evicting_bytes(dev) / sizeof(float)})) {
    tensor_builder<float> x{{1, net.layers.front().width}};
    std::ranges::fill(x.values(), 1.0f);
    question_ = std::move(x).share();
    dev.clear(evicted_.values());
  }

  void pass() {
    dev_.fetch(layers_.forward(dev_, {}, phase::infer, {question_}));
    dev_.finish();
  }

  /// Fills the cache with something else.
  void evict() {
    dev_.scale(1.0f, evicted_.values());
  }

  /// Waits for it.
  void wait() {
    dev_.squared_norm(evicted_.values().first(1));
  }

private:
  static uint64_t evicting_bytes(device& dev) {
    return std::max(dev.cache_bytes(), any_cache);
  }

  static chain programs_of(const network& net) {
    auto graph = make_group_graph(
        net, partition{{neuron_set::range(0, net.neuron_count())}});
    train_settings how;
    how.compute = precision::bfloat16;
    std::vector<program_ptr> out;
    for (auto& x : graph.groups)
      if (x.kind == group_kind::neurons)
        out.push_back(std::make_shared<group_program>(net, graph, x.id, how));
    return chain{std::move(out)};
  }

  device& dev_;
  chain layers_;
  tensor_builder<float> evicted_;
  tensor question_;
};

/// Microseconds of `what`, the fastest of many turns.
double us_of(const std::function<void()>& what) {
  auto best = std::numeric_limits<double>::infinity();
  what();
  for (auto end = stopwatch::now() + time_a_case; stopwatch::now() < end;) {
    auto start = stopwatch::now();
    for (int i = 0; i < passes_a_turn; ++i)
      what();
    best = std::min(best, seconds_since(start) / passes_a_turn);
  }
  return best * 1e6;
}

figures measure(device& dev, const network& net, uint64_t width) {
  block_under_test block{dev, net};
  auto resident = us_of([&] { block.pass(); });
  auto evicting = us_of([&] {
    block.evict();
    block.wait();
  });
  auto both = us_of([&] {
    block.evict();
    block.wait();
    block.pass();
  });
  auto evicted = both - evicting;
  auto megabytes = static_cast<double>(6 * width * width * 2) / 1e6;
  return {
      {"weights_mb", megabytes, 1, "MB of bfloat16 weights, six layers"},
      {"cache_mb", static_cast<double>(dev.cache_bytes()) / 1e6, 1,
       "MB of its cache that the device keeps for weights; 0: any of it"},
      {"resident_us", resident, 1,
       "us a pass, weights where the last left them"},
      {"evicted_us", evicted, 1, "us a pass after something else filled it"},
      {"residency_gain", evicted / resident, 2, "ratio"},
  };
}

} // namespace

result<figures> run_on_device(const residency_bench& how) {
  auto dev = open_device(how.device);
  if (!dev)
    return within("--device", dev.error());
  auto width = how.width > 0 ? how.width : usual_width;
  auto net = build_network(six_layers(width), {width, 0, width, 1});
  if (!net)
    return net.error();
  try {
    return measure(**dev, *net, width);
  } catch (const std::exception& what) {
    return fail(ec::device_failure, "{}: {}", how.device, what.what());
  }
}

} // namespace nnactor
