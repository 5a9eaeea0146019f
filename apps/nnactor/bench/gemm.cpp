#include "bench/bench.hpp"
#include "bench/stopwatch.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cuda/cuda_launcher.hpp"
#include "nnactor/device/gpu/emulator.hpp"
#include "nnactor/device/gpu/gpu_device.hpp"
#include "nnactor/machine/device_name.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace nnactor {

namespace {

constexpr auto time_a_size = std::chrono::milliseconds{600};

/// So many products are asked for before somebody waits, for a GPU is to have
/// no time to rest.
constexpr int calls_a_turn = 10;

/// Some calls, and a wait for all of them.
using turn = std::function<void()>;

/// Seconds a call, of each: they take turns, so that both see the same machine.
std::vector<double> race(const std::vector<turn>& those) {
  std::vector<double> best(those.size(),
                           std::numeric_limits<double>::infinity());
  for (auto& x : those)
    x(); // Chooses kernels.
  for (auto end = stopwatch::now() + time_a_size; stopwatch::now() < end;)
    for (size_t i = 0; i < those.size(); ++i) {
      auto start = stopwatch::now();
      those[i]();
      best[i] = std::min(best[i], seconds_since(start) / calls_a_turn);
    }
  return best;
}

tensor zeros(device& dev, shape extent) {
  tensor_builder<float> out{extent};
  std::ranges::fill(out.values(), 0.0f);
  return dev.place(std::move(out).share());
}

matrix view(const tensor& x) {
  return {x.values<float>().data(), x.extent().rows, x.extent().columns};
}

/// A dense layer of the device: as many rows, inputs and units.
class square_layer {
public:
  square_layer(device& dev, uint64_t size)
      : dev_(dev), x_(zeros(dev, {size, size})), w_(zeros(dev, {size, size})),
        b_(zeros(dev, {1, size})), z_(make<float>(dev, {size, size})),
        packed_(dev.pack(view(w_), nullptr)) {
  }

  void compute(bool bfloat16) {
    mutable_matrix z{z_.values().data(), z_.extent().rows, z_.extent().columns};
    auto b = view(b_).values();
    for (int i = 0; i < calls_a_turn; ++i)
      if (bfloat16)
        dev_.packed_affine(view(x_), *packed_, b, z);
      else
        dev_.affine(view(x_), view(w_), b, z);
    // A number that cannot be there before the last product.
    dev_.squared_norm(z.row(0));
  }

private:
  device& dev_;
  tensor x_, w_, b_;
  tensor_builder<float> z_;
  packed_ptr packed_;
};

/// What the library does by itself with matrices that are there in its format.
class plain_products {
public:
  plain_products(std::shared_ptr<gpu::launcher> on, uint64_t size)
      : on_(std::move(on)), size_(size), stride_(size * size + alignment),
        memory_(on_->allocate(3 * stride_ * sizeof(float))) {
    stride_ -= stride_ % alignment;
    if (memory_ == nullptr)
      throw std::runtime_error{"no memory is left for the matrices"};
    on_->run({{.what = gpu::kernel::clear,
               .data = {memory_},
               .size = {3 * stride_}}});
  }

  ~plain_products() {
    on_->free(memory_);
  }

  plain_products(const plain_products&) = delete;
  plain_products& operator=(const plain_products&) = delete;

  void compute(bool bfloat16) {
    auto* values = reinterpret_cast<float*>(memory_);
    gpu::product what;
    what.a = values;
    what.b = values + stride_;
    what.c = values + 2 * stride_;
    what.m = what.n = what.k = size_;
    what.b_transposed = true;
    what.bfloat16 = bfloat16;
    for (int i = 0; i < calls_a_turn; ++i)
      on_->run({to_command(what)});
    on_->wait(gpu::stream::compute, on_->mark(gpu::stream::compute));
  }

private:
  static constexpr uint64_t alignment = 128; ///< Of a matrix, in values.

  std::shared_ptr<gpu::launcher> on_;
  uint64_t size_;
  uint64_t stride_; ///< Values from one matrix to the next.
  std::byte* memory_;
};

void add(figures& out, const std::string& precision, uint64_t size,
         const std::vector<double>& seconds) {
  auto tflop = 2e-12 * static_cast<double>(size * size * size);
  auto key = fmt::format("{}_{}", precision, size);
  out.push_back({key + "_tflops", tflop / seconds[0], 3,
                 fmt::format("Tflop/s, {0} rows by [{0}, {0}]", size)});
  if (seconds.size() == 1)
    return;
  out.push_back({key + "_plain_tflops", tflop / seconds[1], 3,
                 "Tflop/s, the library's product alone"});
  out.push_back({key + "_vs_plain", seconds[1] / seconds[0], 3,
                 "ratio, the device over that"});
}

std::vector<uint64_t> sizes_of(const gemm_bench& how) {
  if (how.size > 0)
    return {how.size};
  if (how.device == "cpu")
    return {256, 512, 1024};
  return {512, 1024, 2048, 4096, 8192};
}

figures measure_cpu(const gemm_bench& how) {
  figures out;
  auto dev = make_cpu_device();
  for (auto size : sizes_of(how)) {
    square_layer of{*dev, size};
    add(out, "float32", size, race({[&] { of.compute(false); }}));
    auto product = make_bfloat16_product(size, size, size);
    auto plain = [&] {
      for (int i = 0; i < calls_a_turn; ++i)
        product();
    };
    add(out, "bfloat16", size, race({[&] { of.compute(true); }, plain}));
  }
  return out;
}

figures measure_gpu(const gemm_bench& how,
                    const std::shared_ptr<gpu::launcher>& on) {
  figures out;
  auto dev = make_gpu_device(on);
  for (auto size : sizes_of(how)) {
    square_layer of{*dev, size};
    plain_products plain{on, size};
    for (auto bfloat16 : {false, true})
      add(out, bfloat16 ? "bfloat16" : "float32", size,
          race({[&] { of.compute(bfloat16); },
                [&] { plain.compute(bfloat16); }}));
  }
  return out;
}

} // namespace

result<figures> run(const gemm_bench& how) {
  auto on = open_launcher(how.device);
  if (!on)
    return within("--device", on.error());
  try {
    return *on ? measure_gpu(how, *on) : measure_cpu(how);
  } catch (const std::exception& what) {
    return fail(ec::device_failure, "{}: {}", how.device, what.what());
  }
}

} // namespace nnactor
