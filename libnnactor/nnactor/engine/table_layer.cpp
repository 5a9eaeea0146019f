#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/engine/slots.hpp"

namespace nnactor {

namespace {

/// A vector a token or a position; a group knows those of its own, and gives
/// zeros for all others. Where the table is tied, they are another group's.
class table_layer : public layer_maths {
public:
  /// @param first Id of the layer's first row.
  table_layer(const layer& what, const neuron_set& neurons, neuron_id first,
              uint32_t context, const train_settings& how)
      : layer_maths(what, what.tied ? 0 : neurons.size(), {}, how),
        context_(context), by_position_(what.by_position), first_(first),
        neurons_(neurons) {
  }

  tensor looked_up(const tensor& tokens,
                   const round_rows* round) const override {
    if (!by_position_)
      return slots_of(neurons_, first_, tokens);
    return slots_of(neurons_, first_,
                    round == nullptr ? positions_of(tokens)
                                     : round->positions());
  }

  bool needs_round() const override {
    return by_position_;
  }

  void borrow(learnable& rows) override {
    rows.lend();
    lender_ = &rows;
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values*) override {
    auto& rows = lender_ == nullptr ? parameters().front() : *lender_;
    dev.look_up(x.tokens, as_const(rows.values(dev)), y);
  }

  void backward(device&, kept_values& at, const tensor& dy,
                mutable_matrix) override {
    at.dz = dy;
  }

  void accumulate(device& dev, const kept_values& at) override {
    auto into =
        lender_ == nullptr ? gradient(dev, 0) : lender_->lent_gradient(dev);
    dev.look_up_gradient(view_tokens(at.inputs), view(at.dz), into);
  }

private:
  tensor positions_of(const tensor& tokens) const {
    tensor_builder<int32_t> out{tokens.extent()};
    for (uint64_t row = 0; row < tokens.extent().rows; ++row)
      out.values()[row] = static_cast<int32_t>(row % context_);
    return std::move(out).share();
  }

  uint32_t context_;
  bool by_position_;
  neuron_id first_;             ///< Of the layer that has the rows.
  neuron_set neurons_;          ///< Of this group; all others are another's.
  learnable* lender_ = nullptr; ///< Null: the rows are the layer's own.
};

std::unique_ptr<layer_maths> make_table(const network& net,
                                        const group_graph& graph,
                                        const group& of,
                                        const train_settings& how) {
  const auto& what = net.layers[of.layer];
  const auto& owner = of.borrows() ? graph.groups[*of.twin] : of;
  return std::make_unique<table_layer>(
      what, owner.neurons, net.layers[owner.layer].first, net.context, how);
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
