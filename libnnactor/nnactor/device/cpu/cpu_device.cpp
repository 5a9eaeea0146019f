#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cpu/host_device.hpp"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

// Of libgomp, oneDNN's threads. Not every compiler that links it has its
// header.
extern "C" void omp_set_num_threads(int);

namespace nnactor {

namespace {

using md = dnnl::memory::desc;

constexpr auto f32 = dnnl::memory::data_type::f32;

/// An elementwise primitive and its arguments for one number of values.
struct elementwise {
  dnnl::primitive run;
  md values;
};

/// Rows are sums over a batch, so that the batch is their longest dimension.
void add_rows(matrix x, std::span<float> sums) {
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto row = x.row(r);
    for (uint64_t c = 0; c < x.columns; ++c)
      sums[c] += row[c];
  }
}

class cpu_device final : public host_device {
public:
  cpu_device() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
  }

  std::string name() const override {
    return "cpu";
  }

  void affine(matrix x, matrix w, std::span<const float> b,
              mutable_matrix z) override {
    for (uint64_t r = 0; r < z.rows; ++r)
      std::copy(b.begin(), b.end(), z.row(r).begin());
    multiply("affine", x, 'N', w, 'T', 1.0f, z);
  }

  void affine_input_gradient(matrix dz, matrix w, mutable_matrix dx) override {
    multiply("affine_input_gradient", dz, 'N', w, 'N', 0.0f, dx);
  }

  void affine_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                              std::span<float> db) override {
    multiply("affine_weight_gradient", dz, 'T', x, 'N', 1.0f, dw);
    add_rows(dz, db);
  }

  void activate(activation act, matrix z, mutable_matrix y) override {
    switch (act) {
    case activation::gelu:
      return forward(dnnl::algorithm::eltwise_gelu_erf, z, y);
    case activation::tanh:
      return forward(dnnl::algorithm::eltwise_tanh, z, y);
    case activation::sigmoid:
      return forward(dnnl::algorithm::eltwise_logistic, z, y);
    case activation::none:
    case activation::relu:
      // oneDNN's relu turns NaN into 0 and would hide a diverged network.
      return host_device::activate(act, z, y);
    }
  }

  void activate_gradient(activation act, matrix z, matrix y, matrix dy,
                         mutable_matrix dz) override {
    if (act == activation::gelu)
      return gelu_backward(z, dy, dz);
    host_device::activate_gradient(act, z, y, dy, dz);
  }

private:
  /// c = op(a) op(b) + beta c, where op transposes for 'T'.
  void multiply(const char* kernel, matrix a, char op_a, matrix b, char op_b,
                float beta, mutable_matrix c) {
    // oneDNN would start a thread a core; each device is one core. The
    // setting belongs to the calling thread, and CAF starts the threads.
    omp_set_num_threads(1);
    auto depth = op_a == 'N' ? a.columns : a.rows;
    auto status = dnnl_sgemm(
        op_a, op_b, signed_size(c.rows), signed_size(c.columns),
        signed_size(depth), 1.0f, a.data, signed_size(a.columns), b.data,
        signed_size(b.columns), beta, c.data, signed_size(c.columns));
    if (status != dnnl_success)
      throw std::runtime_error{fmt::format(
          "oneDNN failed with status {} in {} of [{}, {}] and [{}, {}]",
          static_cast<int>(status), kernel, a.rows, a.columns, b.rows,
          b.columns)};
  }

  static dnnl_dim_t signed_size(uint64_t size) {
    return static_cast<dnnl_dim_t>(size);
  }

  void forward(dnnl::algorithm how, matrix z, mutable_matrix y) {
    run("activate", z, [&] {
      auto& kernel = find(how, z.values().size());
      kernel.run.execute(stream_, {{DNNL_ARG_SRC, wrap(kernel, z.data)},
                                   {DNNL_ARG_DST, wrap(kernel, y.data)}});
    });
  }

  void gelu_backward(matrix z, matrix dy, mutable_matrix dz) {
    run("activate_gradient", z, [&] {
      auto& kernel = find_gelu_backward(z.values().size());
      kernel.run.execute(stream_, {{DNNL_ARG_SRC, wrap(kernel, z.data)},
                                   {DNNL_ARG_DIFF_DST, wrap(kernel, dy.data)},
                                   {DNNL_ARG_DIFF_SRC, wrap(kernel, dz.data)}});
    });
  }

  template <class F>
  void run(const char* kernel, matrix z, F f) {
    omp_set_num_threads(1);
    try {
      f();
      stream_.wait();
    } catch (const dnnl::error& what) {
      throw std::runtime_error{
          fmt::format("oneDNN failed in {} of [{}, {}]: {}", kernel, z.rows,
                      z.columns, what.what())};
    }
  }

  dnnl::memory wrap(const elementwise& kernel, const float* data) {
    // oneDNN has no read-only memory; it does not write to sources.
    return {kernel.values, engine_, const_cast<float*>(data)};
  }

  elementwise& find(dnnl::algorithm how, size_t size) {
    return cached({how, size, false}, [&](const md& values) {
      auto what = dnnl::eltwise_forward::desc(dnnl::prop_kind::forward_training,
                                              how, values);
      return dnnl::eltwise_forward({what, engine_});
    });
  }

  elementwise& find_gelu_backward(size_t size) {
    constexpr auto how = dnnl::algorithm::eltwise_gelu_erf;
    return cached({how, size, true}, [&](const md& values) {
      auto forward = dnnl::eltwise_forward::primitive_desc(
          {dnnl::prop_kind::forward_training, how, values}, engine_);
      auto what = dnnl::eltwise_backward::desc(how, values, values);
      return dnnl::eltwise_backward({what, engine_, forward});
    });
  }

  struct key {
    dnnl::algorithm how;
    size_t size;
    bool backward;
    friend auto operator<=>(const key&, const key&) = default;
  };

  template <class Make>
  elementwise& cached(const key& which, Make make) {
    // Training uses a handful of sizes; only a peer that asks for answers of
    // ever new sizes gets here.
    constexpr size_t limit = 256;
    if (auto found = kernels_.find(which); found != kernels_.end())
      return found->second;
    if (kernels_.size() >= limit)
      kernels_.clear();
    md values{{static_cast<dnnl_dim_t>(which.size)},
              f32,
              dnnl::memory::format_tag::a};
    elementwise made{make(values), values};
    return kernels_.emplace(which, std::move(made)).first->second;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::map<key, elementwise> kernels_;
};

} // namespace

std::unique_ptr<device> make_cpu_device() {
  return std::make_unique<cpu_device>();
}

std::function<void()> make_bfloat16_product(uint64_t rows, uint64_t depth,
                                            uint64_t columns) {
  constexpr auto bf16 = dnnl::memory::data_type::bf16;
  auto shape = [](uint64_t x, uint64_t y) {
    return dnnl::memory::dims{static_cast<dnnl_dim_t>(x),
                              static_cast<dnnl_dim_t>(y)};
  };
  using tag = dnnl::memory::format_tag;
  auto engine = dnnl::engine{dnnl::engine::kind::cpu, 0};
  dnnl::matmul::primitive_desc how{{md{shape(rows, depth), bf16, tag::ab},
                                    md{shape(depth, columns), bf16, tag::any},
                                    md{shape(rows, columns), bf16, tag::ab}},
                                   engine};
  auto zeroed = [&engine](const md& what) {
    dnnl::memory out{what, engine};
    std::fill_n(static_cast<char*>(out.get_data_handle()), what.get_size(), 0);
    return out;
  };
  return [product = dnnl::matmul{how}, stream = dnnl::stream{engine},
          x = zeroed(how.src_desc()), w = zeroed(how.weights_desc()),
          y = zeroed(how.dst_desc())]() mutable {
    omp_set_num_threads(1);
    product.execute(
        stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
  };
}

} // namespace nnactor
