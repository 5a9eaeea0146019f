#include "nnactor/engine/weighted_layer.hpp"

namespace nnactor {

namespace {

/// A neuron reads all columns.
class dense_layer : public weighted_layer {
public:
  using weighted_layer::weighted_layer;

private:
  void multiply(device& dev, matrix x, std::span<const float> bias,
                mutable_matrix z) override {
    dev.affine(x, weights(dev), bias, z);
  }

  void input_gradient(device& dev, matrix dz, mutable_matrix dx) override {
    dev.affine_input_gradient(dz, weights(dev), dx);
  }

  void weight_gradient(device& dev, matrix dz, matrix x, mutable_matrix dw,
                       std::span<float> db) override {
    dev.affine_weight_gradient(dz, x, dw, db);
  }
};

/// The same on values that are rounded to bfloat16.
class rounded_dense_layer : public weighted_layer {
public:
  using weighted_layer::weighted_layer;

  void on_change() override {
    is_current_ = false;
  }

private:
  void multiply(device& dev, matrix x, std::span<const float> bias,
                mutable_matrix z) override {
    dev.packed_affine(x, packed(dev), bias, z);
  }

  void input_gradient(device& dev, matrix dz, mutable_matrix dx) override {
    dev.packed_input_gradient(dz, packed(dev), dx);
  }

  void weight_gradient(device& dev, matrix dz, matrix x, mutable_matrix dw,
                       std::span<float> db) override {
    dev.bfloat16_weight_gradient(dz, x, dw, db);
  }

  packed_weights& packed(device& dev) {
    if (by_ != &dev)
      packed_ = nullptr;
    if (by_ != &dev || !is_current_)
      packed_ = dev.pack(weights(dev), std::move(packed_));
    by_ = &dev;
    is_current_ = true;
    return *packed_;
  }

  const device* by_ = nullptr; ///< Who packed them.
  packed_ptr packed_;
  bool is_current_ = false; ///< They are the present ones.
};

std::unique_ptr<layer_maths> make_dense(const network& net,
                                        const group_graph& graph,
                                        const group& of,
                                        const train_settings& how) {
  auto& what = net.layers[of.layer];
  auto runs = column_runs(net, graph, of);
  if (how.compute == precision::bfloat16)
    return std::make_unique<rounded_dense_layer>(what, of.neurons.size(), runs,
                                                 how);
  return std::make_unique<dense_layer>(what, of.neurons.size(), runs, how);
}

layer_costs dense_costs(const layer& what, const train_settings& how) {
  auto out = weighted_costs(what);
  out.rounds = how.compute == precision::bfloat16;
  return out;
}

float dense_bound(const layer& what) {
  return weighted_bound(what, what.units);
}

} // namespace

const layer_type dense_type{make_dense, dense_costs, dense_bound};

} // namespace nnactor
