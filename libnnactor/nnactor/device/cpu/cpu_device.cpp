#include "nnactor/device/cpu/cpu_device.hpp"

#include "nnactor/device/cpu/blocked_attention.hpp"
#include "nnactor/device/cpu/cached_attention.hpp"
#include "nnactor/device/cpu/host_device.hpp"
#include "nnactor/device/cpu/huge_arena.hpp"
#include "nnactor/device/cpu/one_thread.hpp"
#include "nnactor/device/cpu/onednn_matmul.hpp"
#include "nnactor/device/cpu/vector_activation.hpp"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <bit>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

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
/// Nothing where `sums` is empty.
void add_rows(matrix x, std::span<float> sums) {
  if (sums.empty())
    return;
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto row = x.row(r);
    for (uint64_t c = 0; c < x.columns; ++c)
      sums[c] += row[c];
  }
}

void fill_rows(mutable_matrix z, std::span<const float> row) {
  for (uint64_t r = 0; r < z.rows; ++r)
    std::ranges::copy(row, z.row(r).begin());
}

/// Weights in panels, and row by row where a gradient has asked for that.
struct panel_weights final : packed_weights {
  std::shared_ptr<std::byte> memory;
  panels in_panels;
  std::vector<uint16_t> rows; ///< Empty until asked for.

  bfloat16_matrix by_rows() {
    if (rows.empty()) {
      rows.resize(in_panels.units * in_panels.columns);
      unpack_panels(in_panels, rows.data());
    }
    return {rows.data(), in_panels.units, in_panels.columns};
  }
};

/// A part of huge pages, for one buffer.
class arena_memory final : public memory {
public:
  explicit arena_memory(std::shared_ptr<std::byte> part)
      : part_(std::move(part)) {
  }

  std::byte* data() const {
    return part_.get();
  }

  bool on_host() const noexcept override {
    return true;
  }

  void release(std::byte*, size_t) noexcept override {
    part_.reset();
  }

  void read(const std::byte* from, std::byte* to, size_t size) override {
    std::copy_n(from, size, to);
  }

private:
  std::shared_ptr<std::byte> part_;
};

/// bfloat16 values as floats.
std::vector<float> widened(const bfloat16_matrix& x) {
  std::vector<float> out(x.rows * x.columns);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = std::bit_cast<float>(static_cast<uint32_t>(x.data[i]) << 16);
  return out;
}

matrix as_stored(const std::vector<float>& values, const bfloat16_matrix& x) {
  return x.transposed ? matrix{values.data(), x.columns, x.rows}
                      : matrix{values.data(), x.rows, x.columns};
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
    if (!b.empty())
      fill_rows(z, b);
    multiply("affine", x, 'N', w, 'T', b.empty() ? 0.0f : 1.0f, z);
  }

  void affine_input_gradient(matrix dz, matrix w, mutable_matrix dx) override {
    multiply("affine_input_gradient", dz, 'N', w, 'N', 0.0f, dx);
  }

  void affine_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                              std::span<float> db) override {
    multiply("affine_weight_gradient", dz, 'T', x, 'N', 1.0f, dw);
    add_rows(dz, db);
  }

  byte_buffer workspace(size_t bytes) override {
    auto pages = std::make_shared<arena_memory>(arena_.take(bytes));
    auto* data = pages->data();
    return {std::move(pages), data, bytes};
  }

  packed_ptr pack(matrix w, packed_ptr old) override {
    auto out = std::static_pointer_cast<panel_weights>(std::move(old));
    if (!out) {
      out = std::make_shared<panel_weights>();
      out->in_panels = {nullptr, w.rows, w.columns};
      out->memory = arena_.take(out->in_panels.bytes());
      out->in_panels.data = reinterpret_cast<uint16_t*>(out->memory.get());
    }
    pack_panels(w, reinterpret_cast<uint16_t*>(out->memory.get()));
    out->rows.clear();
    return out;
  }

  void packed_affine(matrix x, packed_weights& w, std::span<const float> b,
                     mutable_matrix z) override {
    auto& of = static_cast<panel_weights&>(w).in_panels;
    auto how = panel_kernels().back();
    // More to compute than to read: oneDNN's blocks of both matrices win.
    constexpr uint64_t many_rows = 8;
    constexpr uint64_t too_many_rows = 16;
    auto whole = of.units % panel_units == 0 && of.columns % panel_columns == 0;
    if (x.rows > many_rows && whole && how == panel_kernel::amx)
      return matmul_.multiply(rounded(x), of, bias_or_zeros(b, of.units), z);
    if (x.rows <= too_many_rows || how == panel_kernel::amx)
      return multiply_panels(how, x, of, b, z);
    if (!b.empty())
      fill_rows(z, b);
    auto by_rows = static_cast<panel_weights&>(w).by_rows();
    multiply_bfloat16(rounded(x), {by_rows.data, of.columns, of.units, true}, z,
                      !b.empty());
  }

  void packed_input_gradient(matrix dz, packed_weights& w,
                             mutable_matrix dx) override {
    multiply_bfloat16(rounded(dz), static_cast<panel_weights&>(w).by_rows(), dx,
                      false);
  }

  void bfloat16_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                                std::span<float> db) override {
    // Rounding the one would overwrite the other.
    auto first = rounded(dz);
    std::vector<uint16_t> kept(first.data, first.data + dz.values().size());
    multiply_bfloat16({kept.data(), dz.columns, dz.rows, true}, rounded(x), dw,
                      true);
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
    case activation::silu:
      return vector_silu(z, y);
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
    if (act == activation::silu)
      return vector_silu_gradient(z, dy, dz);
    host_device::activate_gradient(act, z, y, dy, dz);
  }

  void gate(activation act, matrix gate, matrix up, mutable_matrix y) override {
    if (needs_z(act))
      return vector_gate(act, gate, up, y);
    host_device::gate(act, gate, up, y);
  }

  void gate_gradient(activation act, matrix gate, matrix up, matrix dy,
                     mutable_matrix dgate, mutable_matrix dup) override {
    if (needs_z(act))
      return vector_gate_gradient(act, gate, up, dy, dgate, dup);
    host_device::gate_gradient(act, gate, up, dy, dgate, dup);
  }

  void attend(const attention_heads& how, matrix q, matrix k, matrix v,
              mutable_matrix y, mutable_matrix sums) override {
    attention_.attend(how, q, k, v, y, sums);
  }

  void attend_gradient(const attention_heads& how, const attended& at,
                       matrix dy, mutable_matrix dq, mutable_matrix dk,
                       mutable_matrix dv) override {
    attention_.attend_gradient(how, at, dy, dq, dk, dv);
  }

  void affine_by_row(matrix x, matrix w, std::span<const float> b,
                     mutable_matrix z) override {
    row_products_.multiply({.x = spaced(x),
                            .w = spaced(w),
                            .b = b.empty() ? nullptr : b.data(),
                            .z = {z.data, z.columns},
                            .m = z.rows,
                            .n = z.columns,
                            .k = x.columns});
  }

  void product_by_row(matrix z, matrix w, mutable_matrix x) override {
    row_products_.add_up({.z = spaced(z),
                          .w = spaced(w),
                          .x = {x.data, x.columns},
                          .m = x.rows,
                          .n = x.columns,
                          .k = z.columns});
  }

  void attend_cached(const attention_heads& how, const cached_rows& at,
                     matrix q, matrix k, matrix v, mutable_matrix y) override {
    cached_attention_.attend(row_products_, how, at, q, k, v, y);
  }

private:
  static spaced_rows<const float> spaced(matrix x) {
    return {x.data, x.columns};
  }

  static bfloat16_matrix rounded(matrix x) {
    return {round_rows(panel_kernels().back(), x, x.columns), x.rows,
            x.columns};
  }

  /// c = a b, or c += a b
  void multiply_bfloat16(const bfloat16_matrix& a, const bfloat16_matrix& b,
                         mutable_matrix c, bool accumulate) {
    if (onednn_matmul::available())
      return matmul_.multiply(a, b, c, accumulate);
    auto wide_a = widened(a);
    auto wide_b = widened(b);
    multiply("a product of bfloat16", as_stored(wide_a, a),
             a.transposed ? 'T' : 'N', as_stored(wide_b, b),
             b.transposed ? 'T' : 'N', accumulate ? 1.0f : 0.0f, c);
  }

  /// c = op(a) op(b) + beta c, where op transposes for 'T'.
  void multiply(const char* kernel, matrix a, char op_a, matrix b, char op_b,
                float beta, mutable_matrix c) {
    use_one_thread();
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
    use_one_thread();
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
  onednn_matmul matmul_;
  huge_arena arena_;
  blocked_attention attention_{arena_};
  row_products row_products_ = row_products_of(panel_kernels().back());
  cached_attention cached_attention_;
  std::map<key, elementwise> kernels_;
};

} // namespace

std::unique_ptr<device> make_cpu_device() {
  return std::make_unique<cpu_device>();
}

} // namespace nnactor
