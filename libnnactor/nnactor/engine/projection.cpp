#include "nnactor/engine/projection.hpp"

namespace nnactor {

void projection::forward(device& dev, matrix x, std::span<const float> b,
                         mutable_matrix z, bool by_row) {
  if (by_row)
    dev.affine_by_row(x, values(dev), b, z);
  else if (how_ == precision::bfloat16)
    dev.packed_affine(x, packed(dev), b, z);
  else
    dev.affine(x, values(dev), b, z);
}

void projection::backward(device& dev, matrix z, mutable_matrix x,
                          bool by_row) {
  if (by_row)
    dev.product_by_row(z, values(dev), x);
  else if (how_ == precision::bfloat16)
    dev.packed_input_gradient(z, packed(dev), x);
  else
    dev.affine_input_gradient(z, values(dev), x);
}

void projection::accumulate(device& dev, matrix dz, matrix x,
                            std::span<float> db) {
  auto dw = from_.gradient(dev);
  mutable_matrix rows{dw.data, dw.rows * dw.columns / columns_, columns_};
  if (how_ == precision::bfloat16)
    dev.bfloat16_weight_gradient(dz, x, rows, db);
  else
    dev.affine_weight_gradient(dz, x, rows, db);
}

matrix projection::values(device& dev) {
  auto all = from_.values(dev);
  return {all.data, all.rows * all.columns / columns_, columns_};
}

packed_weights& projection::packed(device& dev) {
  if (by_ != &dev)
    packed_ = nullptr;
  if (by_ != &dev || !is_current_)
    packed_ = dev.pack(values(dev), std::move(packed_));
  by_ = &dev;
  is_current_ = true;
  return *packed_;
}

} // namespace nnactor
