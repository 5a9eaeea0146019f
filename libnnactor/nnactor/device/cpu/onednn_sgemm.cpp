#include "nnactor/device/cpu/onednn_sgemm.hpp"

#include "nnactor/device/cpu/one_thread.hpp"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <stdexcept>

namespace nnactor {

namespace {

dnnl_dim_t signed_size(uint64_t size) {
  return static_cast<dnnl_dim_t>(size);
}

char letter(stored x) {
  return x == stored::transposed ? 'T' : 'N';
}

} // namespace

void multiply_float32(const char* kernel, const product_terms& how,
                      strided_matrix a, strided_matrix b,
                      mutable_strided_matrix c) {
  use_one_thread();
  auto depth = how.a == stored::plain ? a.columns : a.rows;
  auto status = dnnl_sgemm(
      letter(how.a), letter(how.b), signed_size(c.rows), signed_size(c.columns),
      signed_size(depth), how.factor, a.data, signed_size(a.stride), b.data,
      signed_size(b.stride), how.kept, c.data, signed_size(c.stride));
  if (status != dnnl_success)
    throw std::runtime_error{fmt::format(
        "oneDNN failed with status {} in {} of [{}, {}] and [{}, {}]",
        static_cast<int>(status), kernel, a.rows, a.columns, b.rows,
        b.columns)};
}

} // namespace nnactor
