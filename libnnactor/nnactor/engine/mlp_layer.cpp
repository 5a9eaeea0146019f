#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/engine/projection.hpp"
#include "nnactor/engine/stream_input.hpp"

namespace nnactor {

namespace {

/// Hidden units: y = act(up n) down, or with gates (act(gate n) * up n) down
/// (arXiv 2002.05202), of a normalised stream n. A group gives what its units
/// add to all columns.
class mlp_layer : public layer_maths {
public:
  mlp_layer(const layer& what, const layer& stream, uint64_t neurons,
            const train_settings& how)
      : layer_maths(what, neurons, {}, how), input_(stream), act_(what.act),
        gated_(what.gated), bias_(what.bias), units_(neurons),
        up_(parameters()[0], what.row_width, how.compute),
        down_(parameters()[1], what.row_width, how.compute),
        gate_(parameters()[what.gated ? 2 : 0], what.row_width, how.compute) {
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values* keep) override {
    auto n = input_.normalised(dev, x.values);
    auto up = hidden(dev, up_, n, bias(dev, first_bias()), x.by_row);
    tensor gate;
    if (gated_)
      gate = hidden(dev, gate_, n, bias(dev, first_bias() + 1), x.by_row);
    auto act = activated(dev, up, gate);
    down_.backward(dev, view(act), y, x.by_row);
    if (keep != nullptr)
      keep->more = {std::move(n), std::move(up), std::move(gate),
                    std::move(act)};
  }

  void backward(device& dev, kept_values& at, const tensor& dy,
                mutable_matrix dx) override {
    at.dz = dy;
    auto& n = at.more[normal];
    auto d_act = make<float>(dev, at.more[activated_units].extent());
    down_.forward(dev, view(dy), {}, view(d_act));
    activate_back(dev, at, as_const(view(d_act)));
    if (dx.data == nullptr)
      return;
    auto dn = make<float>(dev, n.extent());
    up_.backward(dev, view(at.more[upwards]), view(dn));
    if (gated_) {
      auto more = make<float>(dev, n.extent());
      gate_.backward(dev, view(at.more[gates]), view(more));
      dev.add(as_const(view(more)).values(), view(dn).values());
    }
    input_.gradient(dev, view(at.inputs), as_const(view(dn)), dx);
  }

  void accumulate(device& dev, const kept_values& at) override {
    auto n = view(at.more[normal]);
    up_.accumulate(dev, view(at.more[upwards]), n, d_bias(dev, first_bias()));
    if (gated_)
      gate_.accumulate(dev, view(at.more[gates]), n,
                       d_bias(dev, first_bias() + 1));
    down_.accumulate(dev, view(at.more[activated_units]), view(at.dz));
  }

  until inputs_kept() const override {
    return until::backward;
  }

  void on_change() override {
    up_.on_change();
    down_.on_change();
    gate_.on_change();
  }

private:
  /// What it keeps; backward replaces the second and third by their gradients.
  enum kept : size_t { normal, upwards, gates, activated_units };

  size_t first_bias() const {
    return gated_ ? 3 : 2;
  }

  std::span<const float> bias(device& dev, size_t parameter) {
    return bias_ ? values(dev, parameter).values() : std::span<const float>{};
  }

  std::span<float> d_bias(device& dev, size_t parameter) {
    return bias_ ? gradient(dev, parameter).values() : std::span<float>{};
  }

  tensor hidden(device& dev, projection& by, const tensor& n,
                std::span<const float> b, bool by_row) const {
    auto out = make<float>(dev, {n.extent().rows, units_});
    by.forward(dev, view(n), b, view(out), by_row);
    return std::move(out).share();
  }

  tensor activated(device& dev, const tensor& up, const tensor& gate) const {
    auto out = make<float>(dev, up.extent());
    if (gated_)
      dev.gate(act_, view(gate), view(up), view(out));
    else
      dev.activate(act_, view(up), view(out));
    return std::move(out).share();
  }

  void activate_back(device& dev, kept_values& at, matrix d_act) const {
    auto d_up = make<float>(dev, at.more[upwards].extent());
    if (gated_) {
      auto d_gate = make<float>(dev, at.more[gates].extent());
      dev.gate_gradient(act_, view(at.more[gates]), view(at.more[upwards]),
                        d_act, view(d_gate), view(d_up));
      at.more[gates] = std::move(d_gate).share();
    } else {
      dev.activate_gradient(act_, view(at.more[upwards]),
                            view(at.more[activated_units]), d_act, view(d_up));
    }
    at.more[upwards] = std::move(d_up).share();
  }

  stream_input input_;
  activation act_;
  bool gated_;
  bool bias_;
  uint64_t units_;
  projection up_;
  projection down_;
  projection gate_; ///< Of use if there are gates.
};

std::unique_ptr<layer_maths> make_mlp(const network& net, const group_graph&,
                                      const group& of,
                                      const train_settings& how) {
  const auto& what = net.layers[of.layer];
  return std::make_unique<mlp_layer>(what, net.layers[what.inputs.front()],
                                     of.neurons.size(), how);
}

layer_costs mlp_costs(const network&, const layer& what,
                      const train_settings& how) {
  auto matrices = what.gated ? 3 : 2;
  auto hidden = what.gated ? uint64_t{3} : uint64_t{2};
  return {.flop =
              2.0 * matrices * static_cast<double>(what.units * what.row_width),
          .rounds = how.compute == precision::bfloat16,
          .keeps = {what.row_width, hidden},
          .leaves = {what.row_width, hidden},
          .passes = {(what.gated ? 2 : 1) * what.row_width, hidden},
          .widest = {0, 1},
          .inputs = layer_maths::until::backward};
}

} // namespace

const layer_type mlp_type{make_mlp, mlp_costs, stream_reader_bound};

} // namespace nnactor
