#include "nnactor/engine/projection.hpp"
#include "nnactor/engine/weighted_layer.hpp"

namespace nnactor {

namespace {

/// A neuron reads all columns.
class dense_layer : public weighted_layer {
public:
  dense_layer(const layer& what, uint64_t neurons,
              const std::vector<column_run>& runs, const train_settings& how)
      : weighted_layer(what, neurons, runs, how),
        weights_(parameters()[0], what.row_width, how.compute) {
  }

  void on_change() override {
    weights_.on_change();
  }

private:
  void multiply(device& dev, matrix x, std::span<const float> bias,
                mutable_matrix z) override {
    weights_.forward(dev, x, bias, z);
  }

  void input_gradient(device& dev, matrix dz, mutable_matrix dx) override {
    weights_.backward(dev, dz, dx);
  }

  void weight_gradient(device& dev, matrix dz, matrix x, mutable_matrix,
                       std::span<float> db) override {
    weights_.accumulate(dev, dz, x, db);
  }

  projection weights_;
};

std::unique_ptr<layer_maths> make_dense(const network& net,
                                        const group_graph& graph,
                                        const group& of,
                                        const train_settings& how) {
  return std::make_unique<dense_layer>(net.layers[of.layer], of.neurons.size(),
                                       column_runs(net, graph, of), how);
}

layer_costs dense_costs(const network&, const layer& what,
                        const train_settings& how) {
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
