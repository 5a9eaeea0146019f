#include "nnactor/engine/layer_kinds.hpp"

namespace nnactor {

namespace {

/// A row of the table a neuron, looked up by token.
class embedding_layer : public layer_maths {
public:
  using layer_maths::layer_maths;

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values*) override {
    dev.embed(x.tokens, values(dev, 0), y);
  }

  tensor backward(device&, const kept_values&, const tensor& dy,
                  mutable_matrix) override {
    return dy;
  }

  void accumulate(device& dev, const kept_values& at) override {
    dev.embed_gradient(view_tokens(at.inputs), view(at.dz), gradient(dev, 0));
  }
};

} // namespace

std::unique_ptr<layer_maths> make_embedding(const network& net, const group& of,
                                            const train_settings& how) {
  return std::make_unique<embedding_layer>(
      net.layers[of.layer], of.neurons.size(), std::vector<column_run>{}, how);
}

} // namespace nnactor
