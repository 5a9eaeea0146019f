#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/engine/projection.hpp"
#include "nnactor/engine/stream_input.hpp"

#include <algorithm>
#include <numeric>

namespace nnactor {

namespace {

/// Tokens to be told: the logit of each is its row times the normalised stream.
class vocabulary_layer : public layer_maths {
public:
  vocabulary_layer(const layer& what, const layer& stream, uint64_t neurons,
                   const train_settings& how)
      : layer_maths(what, neurons, {}, how), input_(stream),
        rows_(parameters()[0], what.row_width, how.compute) {
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values* keep) override {
    if (x.by_row)
      return tell(dev, *x.round, x.values, y);
    auto n = input_.normalised(dev, x.values);
    rows_.forward(dev, view(n), {}, y);
    if (keep != nullptr)
      keep->more = {std::move(n)};
  }

  void backward(device& dev, kept_values& at, const tensor& dy,
                mutable_matrix dx) override {
    at.dz = dy;
    if (dx.data == nullptr)
      return;
    auto dn = make<float>(dev, at.more.front().extent());
    rows_.backward(dev, view(dy), view(dn));
    input_.gradient(dev, view(at.inputs), as_const(view(dn)), dx);
  }

  void accumulate(device& dev, const kept_values& at) override {
    rows_.accumulate(dev, view(at.dz), view(at.more.front()));
  }

  // For the gradient of the softmax.
  bool keeps_y() const override {
    return true;
  }

  until inputs_kept() const override {
    return until::backward;
  }

  void on_change() override {
    rows_.on_change();
  }

  bool needs_round() const override {
    return true;
  }

  uint64_t rows_in(const round_rows& round) const override {
    return round.wanted().extent().rows;
  }

private:
  /// The logits of the rows that are wanted.
  void tell(device& dev, const round_rows& round, matrix x, mutable_matrix y) {
    auto chosen = make<float>(dev, {y.rows + input_.norm_rows(), x.columns});
    auto slots = dev.place(with_norm_rows(round, input_.rows(x)));
    dev.look_up(view_tokens(slots), x, view(chosen));
    auto n = input_.normalised(dev, as_const(view(chosen)));
    rows_.forward(dev, view(n), {}, y, true);
  }

  tensor with_norm_rows(const round_rows& round, uint64_t rows) const {
    auto wanted = round.wanted().values<int32_t>();
    tensor_builder<int32_t> out{{wanted.size() + input_.norm_rows(), 1}};
    auto rest = std::ranges::copy(wanted, out.values().begin()).out;
    std::iota(rest, out.values().end(), static_cast<int32_t>(rows));
    return std::move(out).share();
  }

  stream_input input_;
  projection rows_;
};

std::unique_ptr<layer_maths> make_vocabulary(const network& net,
                                             const group_graph&,
                                             const group& of,
                                             const train_settings& how) {
  const auto& what = net.layers[of.layer];
  return std::make_unique<vocabulary_layer>(
      what, net.layers[what.inputs.front()], of.neurons.size(), how);
}

layer_costs vocabulary_costs(const network&, const layer& what,
                             const train_settings& how) {
  return {.flop = 2.0 * static_cast<double>(what.units * what.row_width),
          .rounds = how.compute == precision::bfloat16,
          .keeps = {what.row_width, 0},
          .leaves = {what.row_width, 0},
          .passes = {what.row_width, 0},
          .keeps_y = true,
          .inputs = layer_maths::until::backward};
}

} // namespace

const layer_type vocabulary_type{make_vocabulary, vocabulary_costs,
                                 stream_reader_bound};

} // namespace nnactor
