#include "nnactor/device/gpu/command.hpp"

namespace nnactor::gpu {

namespace {

constexpr bool product::*flags[] = {
    &product::a_transposed, &product::b_transposed, &product::accumulate,
    &product::bfloat16,     &product::relu,         &product::b_weights};

} // namespace

command to_command(const product& x) {
  command out{.what = kernel::product,
              .data = {x.a, x.b, x.c, x.bias},
              .size = {x.m, x.n, x.k}};
  uint64_t bit = 1;
  for (auto flag : flags) {
    out.size[3] |= x.*flag ? bit : 0;
    bit <<= 1;
  }
  return out;
}

product to_product(const command& x) {
  product out;
  out.a = x.data[0];
  out.b = x.data[1];
  out.c = static_cast<float*>(const_cast<void*>(x.data[2]));
  out.bias = static_cast<const float*>(x.data[3]);
  out.m = x.size[0];
  out.n = x.size[1];
  out.k = x.size[2];
  auto bits = x.size[3];
  for (auto flag : flags) {
    out.*flag = (bits & 1) != 0;
    bits >>= 1;
  }
  return out;
}

size_t bytes_of_b(const product& x) {
  return x.n * x.k * (x.bfloat16 ? sizeof(uint16_t) : sizeof(float));
}

} // namespace nnactor::gpu
