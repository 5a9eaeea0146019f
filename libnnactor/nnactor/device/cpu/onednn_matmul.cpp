#include "nnactor/device/cpu/onednn_matmul.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cpu/huge_buffer.hpp"
#include "nnactor/device/cpu/one_thread.hpp"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace nnactor {

namespace {

using md = dnnl::memory::desc;
using tag = dnnl::memory::format_tag;

constexpr auto bf16 = dnnl::memory::data_type::bf16;
constexpr auto f32 = dnnl::memory::data_type::f32;

dnnl::memory::dims dims(uint64_t rows, uint64_t columns) {
  return {static_cast<dnnl_dim_t>(rows), static_cast<dnnl_dim_t>(columns)};
}

md describe(const bfloat16_matrix& x) {
  return {dims(x.rows, x.columns), bf16, x.transposed ? tag::ba : tag::ab};
}

/// What a kernel is made for.
struct key {
  uint64_t rows, depth, columns;
  bool transposed_a, transposed_b, accumulate, with_panels;
  friend auto operator<=>(const key&, const key&) = default;
};

// Training uses a handful of shapes; only a peer that asks for answers of ever
// new sizes gets here.
constexpr size_t most_kernels = 256;

} // namespace

struct onednn_matmul::impl {
  using primitive_desc = dnnl::matmul::primitive_desc;

  /// A kernel with its arguments: making these takes longer than a small
  /// product, so only where they lie is set for each.
  struct kernel {
    dnnl::matmul run;
    std::unordered_map<int, dnnl::memory> arguments;

    void at(int which, const void* data) {
      // oneDNN has no read-only memory; it does not write to sources.
      arguments.at(which).set_data_handle(const_cast<void*>(data));
    }
  };

  template <class Describe>
  kernel& find(const key& which, Describe describe) {
    if (auto found = kernels.find(which); found != kernels.end())
      return found->second;
    if (kernels.size() >= most_kernels)
      kernels.clear();
    dnnl::primitive_attr attributes;
    if (which.accumulate) {
      dnnl::post_ops sum;
      sum.append_sum(1.0f);
      attributes.set_post_ops(sum);
    }
    auto how = primitive_desc{describe(), attributes, engine};
    auto nowhere = [this](const md& what) {
      return dnnl::memory{what, engine, nullptr};
    };
    kernel made{dnnl::matmul{how},
                {{DNNL_ARG_SRC, nowhere(how.src_desc())},
                 {DNNL_ARG_WEIGHTS, nowhere(how.weights_desc())},
                 {DNNL_ARG_DST, nowhere(how.dst_desc())}}};
    if (which.with_panels)
      made.arguments.emplace(DNNL_ARG_BIAS, nowhere(how.bias_desc()));
    return kernels.emplace(which, std::move(made)).first->second;
  }

  template <class F>
  void guard(const key& of, F f) {
    use_one_thread();
    try {
      f();
      stream.wait();
    } catch (const dnnl::error& what) {
      throw std::runtime_error{fmt::format(
          "oneDNN failed in a product of bfloat16 of [{}, {}] and [{}, {}]: {}",
          of.rows, of.depth, of.depth, of.columns, what.what())};
    }
  }

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<key, kernel> kernels;
};

onednn_matmul::onednn_matmul() : impl_(std::make_unique<impl>()) {
}

onednn_matmul::~onednn_matmul() = default;

bool onednn_matmul::available() {
  return panel_kernels().back() >= panel_kernel::avx512;
}

void onednn_matmul::multiply(const bfloat16_matrix& a, const bfloat16_matrix& b,
                             mutable_matrix c, bool accumulate) {
  auto which = key{a.rows,       a.columns,  b.columns, a.transposed,
                   b.transposed, accumulate, false};
  impl_->guard(which, [&] {
    auto& kernel = impl_->find(which, [&] {
      return dnnl::matmul::desc{describe(a), describe(b),
                                md{dims(c.rows, c.columns), f32, tag::ab}};
    });
    kernel.at(DNNL_ARG_SRC, a.data);
    kernel.at(DNNL_ARG_WEIGHTS, b.data);
    kernel.at(DNNL_ARG_DST, c.data);
    kernel.run.execute(impl_->stream, kernel.arguments);
  });
}

void onednn_matmul::multiply(const bfloat16_matrix& a, const panels& w,
                             std::span<const float> bias, mutable_matrix c) {
  auto which = key{a.rows, a.columns, w.units, false, false, false, true};
  impl_->guard(which, [&] {
    auto& kernel = impl_->find(which, [&] {
      return dnnl::matmul::desc{
          describe(a), md{dims(w.columns, w.units), bf16, tag::BA16a64b2a},
          md{dims(1, w.units), f32, tag::ab},
          md{dims(c.rows, c.columns), f32, tag::ab}};
    });
    kernel.at(DNNL_ARG_SRC, a.data);
    kernel.at(DNNL_ARG_WEIGHTS, w.data);
    kernel.at(DNNL_ARG_BIAS, bias.data());
    kernel.at(DNNL_ARG_DST, c.data);
    kernel.run.execute(impl_->stream, kernel.arguments);
  });
}

std::function<void()> make_bfloat16_product(uint64_t rows, uint64_t depth,
                                            uint64_t columns) try {
  auto engine = dnnl::engine{dnnl::engine::kind::cpu, 0};
  auto how =
      dnnl::matmul::primitive_desc{{md{dims(rows, depth), bf16, tag::ab},
                                    md{dims(depth, columns), bf16, tag::any},
                                    md{dims(1, columns), f32, tag::ab},
                                    md{dims(rows, columns), f32, tag::ab}},
                                   engine};
  auto zeroed = [&engine](const md& what) {
    dnnl::memory out{what, engine};
    std::fill_n(static_cast<char*>(out.get_data_handle()), what.get_size(), 0);
    return out;
  };
  std::unordered_map<int, dnnl::memory> arguments{
      {DNNL_ARG_SRC, zeroed(how.src_desc())},
      {DNNL_ARG_WEIGHTS, zeroed(how.weights_desc())},
      {DNNL_ARG_BIAS, zeroed(how.bias_desc())},
      {DNNL_ARG_DST, zeroed(how.dst_desc())}};
  auto weights = std::make_shared<huge_buffer>(how.weights_desc().get_size());
  arguments.at(DNNL_ARG_WEIGHTS).set_data_handle(weights->bytes().data());
  auto rows_in_float32 = zeroed({dims(rows, depth), f32, tag::ab});
  auto round = dnnl::reorder{rows_in_float32, arguments.at(DNNL_ARG_SRC)};
  return [=, product = dnnl::matmul{how}, stream = dnnl::stream{engine},
          arguments = std::move(arguments)]() mutable {
    use_one_thread();
    round.execute(stream, rows_in_float32, arguments.at(DNNL_ARG_SRC));
    product.execute(stream, arguments);
    static_cast<void>(weights); // Holds what the product reads.
  };
} catch (const dnnl::error& what) {
  throw std::runtime_error(
      fmt::format("a product of bfloat16 by oneDNN: {}", what.what()));
}

} // namespace nnactor
