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
        by_position_(what.by_position), slots_(what.units, -1) {
    int32_t slot = 0;
    for (const auto& ids : neurons.intervals())
      for (auto id = ids.begin; id < ids.end; ++id)
        slots_[id - what.first] = slot++;
  }

  tensor looked_up(const tensor& tokens) const override {
    auto of = tokens.values<int32_t>();
    tensor_builder<int32_t> out{tokens.extent()};
    for (size_t row = 0; row < of.size(); ++row)
      out.values()[row] =
          slots_[by_position_ ? row % context_ : static_cast<size_t>(of[row])];
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
  std::vector<int32_t> slots_; ///< By token or position; -1: another group's.
};

std::unique_ptr<layer_maths> make_table(const network& net, const group_graph&,
                                        const group& of,
                                        const train_settings& how) {
  return std::make_unique<table_layer>(net.layers[of.layer], of.neurons,
                                       net.context, how);
}

layer_costs table_costs(const network&, const layer& what,
                        const train_settings&) {
  return {.flop = static_cast<double>(what.width),
          .looks_up = true,
          .index_bytes = sizeof(int32_t)};
}

// A stream that starts with few of its final length learns slowly from it; a
// deviation of 0.02 (GPT-2) as the bound of a uniform distribution.
float table_bound(const layer&) {
  return 0.02f * 1.7320508f;
}

} // namespace

const layer_type table_type{make_table, table_costs, table_bound};

} // namespace nnactor
