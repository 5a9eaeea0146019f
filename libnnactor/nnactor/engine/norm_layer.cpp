#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/engine/stream_input.hpp"

namespace nnactor {

namespace {

/// Coordinates of a stream, normalised: what comes before the norm goes no
/// further.
class norm_layer : public layer_maths {
public:
  norm_layer(const layer& what, const layer& stream, const neuron_set& neurons,
             const train_settings& how)
      : layer_maths(what, neurons.size(), {}, how), input_(stream) {
    for (const auto& x : neurons.intervals())
      spans_.push_back({x.begin - what.first, 0, x.size()});
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values*) override {
    auto n = input_.normalised(dev, x.values);
    pack_columns(dev, view(n), spans_, &column_span::from, y);
  }

  void backward(device& dev, kept_values& at, const tensor& dy,
                mutable_matrix dx) override {
    auto x = view(at.inputs);
    auto dn = make<float>(dev, {input_.rows(x), x.columns});
    dev.clear(view(dn).values());
    place_columns(dev, view(dy), spans_, &column_span::from, view(dn));
    input_.gradient(dev, x, as_const(view(dn)), dx);
  }

  void accumulate(device&, const kept_values&) override {
  }

  until inputs_kept() const override {
    return until::backward;
  }

private:
  stream_input input_;
  std::vector<column_span> spans_; ///< From the stream to those of the group.
};

std::unique_ptr<layer_maths> make_norm(const network& net, const group_graph&,
                                       const group& of,
                                       const train_settings& how) {
  const auto& what = net.layers[of.layer];
  return std::make_unique<norm_layer>(what, net.layers[what.inputs.front()],
                                      of.neurons, how);
}

layer_costs norm_costs(const network&, const layer& what,
                       const train_settings&) {
  // Means, differences, gain and shift of a whole row.
  return {.flop = 8.0 * static_cast<double>(what.units),
          .passes = {2 * what.units, 0},
          .inputs = layer_maths::until::backward};
}

float no_weights(const layer&) {
  return 0;
}

} // namespace

const layer_type norm_type{make_norm, norm_costs, no_weights};

} // namespace nnactor
