#pragma once

#include "nnactor/engine/layer_kinds.hpp"

namespace nnactor {

/// y = activation(z), where z is weights times inputs and a bias; how they are
/// multiplied is left to others.
class weighted_layer : public layer_maths {
public:
  weighted_layer(const layer& what, uint64_t neurons,
                 const std::vector<column_run>& runs, const train_settings& how)
      : layer_maths(what, neurons, runs, how), act_(what.act) {
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values* keep) final;

  void backward(device& dev, kept_values& at, const tensor& dy,
                mutable_matrix dx) final;

  void accumulate(device& dev, const kept_values& at) final;

  bool keeps_y() const final {
    return true;
  }

protected:
  matrix weights(device& dev) {
    return values(dev, 0);
  }

private:
  /// z[r,u] = x[r,c] W^T + b[u]
  virtual void multiply(device& dev, matrix x, std::span<const float> bias,
                        mutable_matrix z) = 0;

  /// dx[r,c] = dz[r,u] W
  virtual void input_gradient(device& dev, matrix dz, mutable_matrix dx) = 0;

  /// dw += dz^T x, db[u] += column sums of dz
  virtual void weight_gradient(device& dev, matrix dz, matrix x,
                               mutable_matrix dw, std::span<float> db) = 0;

  activation act_;
};

/// What such a layer takes.
layer_costs weighted_costs(const layer& what);

/// sqrt(6 / fan_in) before relu and gelu (He et al., arXiv 1502.01852), sqrt(6
/// / (fan_in + fan_out)) before others (Glorot and Bengio, AISTATS 2010).
float weighted_bound(const layer& what, uint64_t fan_out);

} // namespace nnactor
