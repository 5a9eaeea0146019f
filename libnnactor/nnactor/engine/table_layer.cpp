#include "nnactor/engine/layer_kinds.hpp"

namespace nnactor {

namespace {

/// A vector a token or a position; a group knows those of its own, and gives
/// zeros for all others.
class table_layer : public layer_maths {
public:
  table_layer(const layer& what, const neuron_set& neurons, uint32_t context,
              const train_settings& how)
      : layer_maths(what, neurons.size(), {}, how), context_(context),
        by_position_(what.by_position), first_(what.first), neurons_(neurons) {
  }

  tensor looked_up(const tensor& tokens) const override {
    auto of = tokens.values<int32_t>();
    tensor_builder<int32_t> out{tokens.extent()};
    for (size_t row = 0; row < of.size(); ++row) {
      auto unit = by_position_ ? row % context_ : static_cast<size_t>(of[row]);
      auto slot = neurons_.slot_of(first_ + unit);
      out.values()[row] = slot ? static_cast<int32_t>(*slot) : -1;
    }
    return std::move(out).share();
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values*) override {
    dev.look_up(x.tokens, values(dev, 0), y);
  }

  void backward(device&, kept_values& at, const tensor& dy,
                mutable_matrix) override {
    at.dz = dy;
  }

  void accumulate(device& dev, const kept_values& at) override {
    dev.look_up_gradient(view_tokens(at.inputs), view(at.dz), gradient(dev, 0));
  }

private:
  uint32_t context_;
  bool by_position_;
  neuron_id first_;    ///< Of the layer.
  neuron_set neurons_; ///< Of this group; all others are another's.
};

std::unique_ptr<layer_maths> make_table(const network& net, const group_graph&,
                                        const group& of,
                                        const train_settings& how) {
  return std::make_unique<table_layer>(net.layers[of.layer], of.neurons,
                                       net.context, how);
}

layer_costs table_costs(const network&, const layer& what,
                        const train_settings&) {
  return {.flop = static_cast<double>(what.width), .looks_up = true};
}

// A stream that starts with few of its final length learns slowly from it; a
// deviation of 0.02 (GPT-2) as the bound of a uniform distribution.
float table_bound(const layer&) {
  return 0.02f * 1.7320508f;
}

} // namespace

const layer_type table_type{make_table, table_costs, table_bound};

} // namespace nnactor
