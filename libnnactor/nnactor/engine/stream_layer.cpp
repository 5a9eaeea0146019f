#include "nnactor/engine/layer_kinds.hpp"

namespace nnactor {

namespace {

/// Coordinates of the residual stream. What they add up is added where inputs
/// are brought together; here comes their bias, and the rows of their norm go
/// along.
class stream_layer : public layer_maths {
public:
  stream_layer(const layer& what, uint64_t neurons, const train_settings& how)
      : layer_maths(what, neurons, {}, how), norm_rows_(what.norm_rows()),
        bias_(what.bias) {
  }

  void forward(device& dev, const layer_input& x, mutable_matrix y,
               kept_values*) override {
    mutable_matrix sums{y.data, x.values.rows, y.columns};
    dev.copy_columns(x.values, 0, y.columns, sums, 0);
    if (bias_)
      dev.add_to_rows(values(dev, norm_rows_).values(), sums);
    for (uint64_t i = 0; i < norm_rows_; ++i)
      dev.copy_columns(as_row(values(dev, i)), 0, y.columns,
                       {y.row(x.values.rows + i).data(), 1, y.columns}, 0);
  }

  void backward(device& dev, kept_values& at, const tensor& dy,
                mutable_matrix dx) override {
    at.dz = dy;
    if (dx.data != nullptr)
      dev.copy_columns({view(dy).data, dx.rows, dx.columns}, 0, dx.columns, dx,
                       0);
  }

  void accumulate(device& dev, const kept_values& at) override {
    auto dy = view(at.dz);
    auto rows = dy.rows - norm_rows_;
    for (uint64_t i = 0; i < norm_rows_; ++i)
      dev.add(dy.row(rows + i), gradient(dev, i).values());
    if (bias_)
      dev.add_column_sums({dy.data, rows, dy.columns},
                          gradient(dev, norm_rows_).values());
  }

  until inputs_kept() const override {
    return until::forward;
  }

private:
  /// A parameter of one value a neuron.
  static matrix as_row(matrix x) {
    return {x.data, x.columns, x.rows};
  }

  uint64_t norm_rows_; ///< Its first parameters.
  bool bias_;
};

std::unique_ptr<layer_maths> make_stream(const network& net, const group_graph&,
                                         const group& of,
                                         const train_settings& how) {
  return std::make_unique<stream_layer>(net.layers[of.layer], of.neurons.size(),
                                        how);
}

layer_costs stream_costs(const network&, const layer& what,
                         const train_settings&) {
  return {.flop = static_cast<double>(what.units * what.inputs.size()),
          .inputs = layer_maths::until::forward};
}

float stream_bound(const layer&) {
  return 0;
}

} // namespace

const layer_type stream_type{make_stream, stream_costs, stream_bound};

} // namespace nnactor
