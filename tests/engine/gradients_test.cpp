#include "engine/networks.hpp"
#include "support/reference.hpp"

#include <array>
#include <cmath>

using namespace nnactor;

namespace {

constexpr uint64_t rows = 6;

/// Compares every parameter's gradient with a central difference of the loss.
void check_finite_differences(const network& net, const tensor& inputs,
                              const tensor& targets) {
  reference_network model{net, 3};
  auto gradient = model.gradient(inputs, targets);
  auto slope = [&](double& parameter) {
    constexpr auto step = 1e-5;
    auto at = parameter;
    parameter = at + step;
    auto above = model.loss(inputs, targets);
    parameter = at - step;
    auto below = model.loss(inputs, targets);
    parameter = at;
    return (above - below) / (2 * step);
  };
  auto worst = 0.0;
  for (size_t id = 0; id < gradient.size(); ++id) {
    auto& x = model.parameters()[id];
    for (size_t i = 0; i < x.weight.size(); ++i)
      worst = std::max(worst,
                       std::abs(slope(x.weight[i]) - gradient[id].weight[i]));
    for (size_t i = 0; i < x.bias.size(); ++i)
      worst =
          std::max(worst, std::abs(slope(x.bias[i]) - gradient[id].bias[i]));
  }
  CHECK(worst < 1e-8);
}

/// Returns the gradient of the first step: after it, momentum holds just that.
std::vector<parameter_set> engine_gradient(const network& net,
                                           const group_graph& graph,
                                           device& dev, const tensor& inputs,
                                           const tensor& targets) {
  auto how = settings_for(rows, optimizer_kind::sgd, 0.1f);
  how.seed = 3;
  plain_loop loop{net, graph, how, dev};
  loop.step(inputs, targets);
  return loop.save();
}

/// Compares every gradient of every group with the reference, by neuron.
void check_engine(const network& net, const partition& parts, device& dev,
                  const tensor& inputs, const tensor& targets) {
  auto expected = reference_network{net, 3}.gradient(inputs, targets);
  auto graph = make_group_graph(net, parts);
  auto worst = 0.0;
  auto compared = uint64_t{0};
  auto compare = [&](const parameter_set& set, const parameter& x,
                     const std::vector<double>& all) {
    auto columns = x.values.extent().columns;
    for (uint64_t slot = 0; slot < set.neurons.size(); ++slot) {
      auto unit = set.neurons.id_at(slot) - net.layers[set.layer].first;
      for (uint64_t c = 0; c < columns; ++c, ++compared) {
        auto found = x.values.values<float>()[slot * columns + c];
        worst = std::max(worst, std::abs(static_cast<double>(found)
                                         - all[unit * columns + c]));
      }
    }
  };
  for (const auto& set : engine_gradient(net, graph, dev, inputs, targets))
    for (const auto& x : set.parameters) {
      if (x.name == "sgd.v.weight")
        compare(set, x, expected[set.layer].weight);
      if (x.name == "sgd.v.bias")
        compare(set, x, expected[set.layer].bias);
    }
  CHECK(compared == net.parameter_count());
  CHECK(worst < 2e-6);
}

void check_all(const network& net, const tensor& inputs,
               const tensor& targets) {
  check_finite_differences(net, inputs, targets);
  for (const auto& of : partitions_of(net))
    for (auto& dev : all_devices()) {
      CAPTURE(of.name);
      CAPTURE(dev->name());
      check_engine(net, of.parts, *dev, inputs, targets);
    }
}

/// A network of each kind of loss.
template <class MakeNetwork>
void check_both_losses(MakeNetwork make) {
  for (auto loss :
       {layer_kind::softmax_cross_entropy, layer_kind::mean_squared_error}) {
    CAPTURE(to_string(loss));
    auto net = make(loss);
    auto data = batch_for(net, rows, 5);
    check_all(net, data.inputs, data.targets);
  }
}

} // namespace

TEST_CASE("gradients through an embedding and dense layers") {
  check_both_losses(language_model);
}

TEST_CASE("gradients of layers that read two others") {
  check_both_losses(skipping_network);
}

TEST_CASE("gradients through time") {
  check_both_losses([](auto loss) { return recurrent_network(5, loss); });
}

TEST_CASE("gradients of sparse layers") {
  check_both_losses(sparse_network);
}

TEST_CASE("gradients for real target values") {
  auto net = skipping_network(layer_kind::mean_squared_error);
  auto data = batch_for(net, rows, 5);
  check_all(net, data.inputs, values_for(net, rows, 5));
}

TEST_CASE("gradients of every activation, in hidden and output layers") {
  for (auto act : {activation::none, activation::relu, activation::gelu,
                   activation::tanh, activation::sigmoid}) {
    CAPTURE(to_string(act));
    auto net = network_of({dense("hidden", act, 14), dense("output", act, 3)},
                          {5, 0, 3}, layer_kind::mean_squared_error);
    auto data = batch_for(net, rows, 5);
    check_all(net, data.inputs, values_for(net, rows, 5));
  }
}
