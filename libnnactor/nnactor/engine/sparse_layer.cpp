#include "nnactor/engine/weighted_layer.hpp"
#include "nnactor/network/sparse.hpp"

namespace nnactor {

namespace {

/// A neuron reads few columns. Its weights stay in canonical order: instead of
/// them, the columns that they belong to are translated.
class sparse_layer : public weighted_layer {
public:
  /// @param inputs Columns of all inputs.
  /// @param columns Gathered columns, neuron by neuron.
  sparse_layer(const layer& what, uint64_t neurons, const train_settings& how,
               uint64_t inputs, std::vector<uint32_t> columns)
      : weighted_layer(what, neurons, {}, how), neurons_(neurons),
        inputs_(inputs), columns_(std::move(columns)) {
  }

private:
  void multiply(device& dev, matrix x, std::span<const float> bias,
                mutable_matrix z) override {
    dev.sparse_affine(x, {weights(dev), pattern(dev)}, bias, z);
  }

  void input_gradient(device& dev, matrix dz, mutable_matrix dx) override {
    dev.sparse_input_gradient(dz, {weights(dev), pattern(dev)}, dx);
  }

  void weight_gradient(device& dev, matrix dz, matrix x, mutable_matrix dw,
                       std::span<float> db) override {
    dev.sparse_weight_gradient(dz, x, pattern(dev), dw, db);
  }

  const sparse_pattern& pattern(device& dev) {
    if (by_ != &dev)
      pattern_ = dev.prepare(columns_, neurons_, inputs_);
    by_ = &dev;
    return *pattern_;
  }

  uint64_t neurons_;
  uint64_t inputs_;
  std::vector<uint32_t> columns_;
  const device* by_ = nullptr; ///< Who prepared the pattern.
  pattern_ptr pattern_;
};

std::vector<uint32_t> columns_read(const network& net, const group& reader,
                                   std::vector<column_run> runs) {
  sparse_connections connections{net, reader.layer};
  gathered_columns gathered{std::move(runs)};
  std::vector<uint32_t> out;
  for (const auto& ids : reader.neurons.intervals())
    for (auto id = ids.begin; id < ids.end; ++id)
      for (auto column : connections.of(id))
        out.push_back(static_cast<uint32_t>(gathered.of(column)));
  return out;
}

std::unique_ptr<layer_maths> make_sparse(const network& net,
                                         const group_graph& graph,
                                         const group& of,
                                         const train_settings& how) {
  auto runs = column_runs(net, graph, of);
  uint64_t inputs = 0;
  for (const auto& run : runs)
    inputs += run.count;
  return std::make_unique<sparse_layer>(net.layers[of.layer], of.neurons.size(),
                                        how, inputs,
                                        columns_read(net, of, std::move(runs)));
}

layer_costs sparse_costs(const network&, const layer& what,
                         const train_settings&) {
  auto out = weighted_costs(what);
  out.turns = true;
  // Each weight's column, once here and once in the device's order.
  out.index_bytes = 2 * what.row_width * sizeof(uint32_t);
  return out;
}

// As many read a neuron on average as it reads itself.
float sparse_bound(const layer& what) {
  return weighted_bound(what, what.row_width);
}

} // namespace

const layer_type sparse_type{make_sparse, sparse_costs, sparse_bound};

} // namespace nnactor
