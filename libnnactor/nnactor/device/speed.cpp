#include "nnactor/device/speed.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto time_of_memory = std::chrono::milliseconds{40};

/// Of the fastest call.
template <class F>
double seconds_of(std::chrono::milliseconds time, F f) {
  // The first call chooses kernels.
  f();
  auto best = clock::duration::max();
  for (auto start = clock::now(); clock::now() - start < time;) {
    auto before = clock::now();
    f();
    best = std::min(best, clock::now() - before);
  }
  return std::chrono::duration<double>(best).count();
}

/// Asks for a number that cannot be there before the matrix is.
void wait_for(device& dev, mutable_matrix x) {
  dev.squared_norm(x.row(0));
}

/// Where the device has its values.
class matrices {
public:
  matrices(device& dev, const product_size& x)
      : x_(of(dev, {x.rows, x.inputs}, 0.5f)),
        w_(of(dev, {x.units, x.inputs}, 0.25f)),
        b_(of(dev, {1, x.units}, 0.0f)),
        z_(make<float>(dev, {x.rows, x.units})) {
  }

  matrix input() const {
    return view(x_);
  }

  matrix weights() const {
    return view(w_);
  }

  std::span<const float> bias() const {
    return view(b_).values();
  }

  mutable_matrix output() {
    return {z_.values().data(), z_.extent().rows, z_.extent().columns};
  }

private:
  static tensor of(device& dev, shape extent, float value) {
    tensor_builder<float> out{extent};
    std::ranges::fill(out.values(), value);
    return dev.place(std::move(out).share());
  }

  static matrix view(const tensor& x) {
    return {x.values<float>().data(), x.extent().rows, x.extent().columns};
  }

  tensor x_, w_, b_;
  tensor_builder<float> z_;
};

} // namespace

double measure_speed(device& dev, product_size of,
                     std::chrono::milliseconds time) {
  matrices all{dev, of};
  return of.flop() / seconds_of(time, [&] {
           dev.affine(all.input(), all.weights(), all.bias(), all.output());
           wait_for(dev, all.output());
         });
}

double measure_packed_speed(device& dev, product_size of,
                            std::chrono::milliseconds time) {
  matrices all{dev, of};
  auto packed = dev.pack(all.weights(), nullptr);
  return of.flop() / seconds_of(time, [&] {
           dev.packed_affine(all.input(), *packed, all.bias(), all.output());
           wait_for(dev, all.output());
         });
}

double measure_memory_speed(device& dev, size_t bytes) {
  auto x = make<float>(dev, {1, std::max<uint64_t>(1, bytes / sizeof(float))});
  auto values = x.values();
  dev.clear(values);
  // Many at once, so that starting and waiting does not count.
  constexpr int times = 10;
  auto seconds = seconds_of(time_of_memory, [&] {
    for (int i = 0; i < times; ++i)
      dev.scale(1.0f, values);
    dev.squared_norm(values.first(1));
  });
  return 2.0 * times * static_cast<double>(values.size_bytes()) / seconds;
}

} // namespace nnactor
