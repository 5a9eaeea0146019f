#include "bench/bench.hpp"
#include "bench/stopwatch.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cpu/huge_buffer.hpp"
#include "nnactor/machine/pin.hpp"
#include "nnactor/machine/read_speed.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>
#include <thread>

namespace nnactor {

namespace {

constexpr auto time_a_pair = std::chrono::milliseconds{1500};

/// Seconds of the fastest of many calls.
class fastest {
public:
  template <class Call>
  void time(Call& call) {
    auto start = stopwatch::now();
    call();
    seconds_ = std::min(seconds_, seconds_since(start));
  }

  double seconds() const {
    return seconds_;
  }

private:
  double seconds_ = std::numeric_limits<double>::infinity();
};

/// Times two things by turns, so that both see the same machine; some calls a
/// turn, for each finds the caches full of what the other read.
template <class A, class B>
std::pair<double, double> race(A a, B b) {
  constexpr int calls_a_turn = 10;
  fastest of_a, of_b;
  for (auto end = stopwatch::now() + time_a_pair; stopwatch::now() < end;) {
    for (int i = 0; i < calls_a_turn; ++i)
      of_a.time(a);
    for (int i = 0; i < calls_a_turn; ++i)
      of_b.time(b);
  }
  return {of_a.seconds(), of_b.seconds()};
}

/// A dense layer of zeros with weights that the device has packed.
class layer_under_test {
public:
  layer_under_test(uint64_t rows, uint64_t columns, uint64_t units)
      : dev_(make_cpu_device()), x_(rows * columns), b_(units),
        z_(rows * units), rows_(rows), columns_(columns) {
    std::vector<float> w(units * columns);
    packed_ = dev_->pack({w.data(), units, columns}, nullptr);
  }

  void operator()() {
    dev_->packed_affine({x_.data(), rows_, columns_}, *packed_, b_,
                        {z_.data(), rows_, b_.size()});
  }

private:
  std::unique_ptr<device> dev_;
  packed_ptr packed_;
  std::vector<float> x_, b_, z_;
  uint64_t rows_, columns_;
};

/// One row against weights that fit one kind of memory.
void add_level(figures& out, const std::string& name, uint64_t columns,
               uint64_t units) {
  auto bytes = columns * units * sizeof(uint16_t);
  layer_under_test layer{1, columns, units};
  huge_buffer plain{bytes};
  volatile uint64_t seen = 0;
  auto [product, read] =
      race([&] { layer(); }, [&] { seen = read_all(plain.bytes()); });
  auto gb = static_cast<double>(bytes) / 1e9;
  out.push_back({name + "_read_gb_s", gb / read, 1,
                 fmt::format("GB/s, reading {:.1f} MB", gb * 1e3)});
  out.push_back(
      {name + "_gemv_gb_s", gb / product, 1,
       fmt::format("GB/s, one row by [{}, {}] in bfloat16", columns, units)});
  out.push_back({name + "_efficiency", read / product, 3, "ratio"});
}

/// The same by oneDNN; empty on processors for which it has no such product.
std::function<void()> product_of_onednn(uint64_t rows, uint64_t columns,
                                        uint64_t units) {
  try {
    return make_bfloat16_product(rows, columns, units);
  } catch (const std::runtime_error&) {
    return {};
  }
}

void add_rows(figures& out, uint64_t rows) {
  // Leaves room in an L2 of 2 MiB for 64 rows, in both precisions.
  constexpr uint64_t columns = 1024;
  constexpr uint64_t units = 512;
  layer_under_test layer{rows, columns, units};
  auto theirs = product_of_onednn(rows, columns, units);
  auto [own, onednn] =
      race([&] { layer(); }, theirs ? theirs : std::function<void()>{[] {}});
  out.push_back({fmt::format("rows_{}_us", rows), own * 1e6, 2,
                 fmt::format("us, {} rows by [{}, {}], from and to float32",
                             rows, columns, units)});
  if (theirs)
    out.push_back({fmt::format("vs_onednn_{}", rows), onednn / own, 2,
                   "ratio, oneDNN's reorder and matmul over it"});
}

} // namespace

result<figures> run(const gemv_bench& how) {
  figures out;
  caf::error failure;
  std::thread worker{[&] {
    pin_this_thread(how.cpu);
    try {
      add_level(out, "l2", 1024, 768);
      add_level(out, "l3", 2048, 4096);
      add_level(out, "dram", 8192, 16384);
      for (uint64_t rows : {1, 4, 16, 64})
        add_rows(out, rows);
    } catch (const std::exception& what) {
      failure = fail(ec::device_failure, "{}", what.what());
    }
  }};
  worker.join();
  if (failure)
    return failure;
  return out;
}

} // namespace nnactor
