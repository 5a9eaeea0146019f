#include "engine/networks.hpp"

#include <cmath>
#include <limits>

using namespace nnactor;

TEST_CASE("a network that diverges says so by its loss") {
  for (auto kind :
       {layer_kind::softmax_cross_entropy, layer_kind::mean_squared_error}) {
    CAPTURE(to_string(kind));
    auto net = skipping_network(kind);
    auto data = batch_for(net, 8, 1);
    for (auto& dev : all_devices()) {
      auto how = settings_for(8, optimizer_kind::sgd, 1e20f);
      how.micro_batches = 2;
      plain_loop loop{net, how, *dev};
      CHECK(std::isfinite(loop.step(data.inputs, data.targets)));
      loop.step(data.inputs, data.targets);
      CHECK_FALSE(std::isfinite(loop.step(data.inputs, data.targets)));
      auto value = loop.evaluate(data.inputs, data.targets);
      CHECK_FALSE(std::isfinite(value.loss_sum));
    }
  }
}

TEST_CASE("one NaN in the data is not lost on its way to the loss") {
  auto net = network_of(
      {dense("a", activation::relu, 7), dense("b", activation::gelu, 9),
       dense("c", activation::tanh, 5), dense("d", activation::sigmoid, 5),
       dense("output", activation::none, 3)},
      {4, 0, 3});
  tensor_builder<float> x{{2, 4}};
  std::ranges::fill(x.values(), 0.5f);
  x.values()[5] = std::numeric_limits<float>::quiet_NaN();
  auto inputs = std::move(x).share();
  auto labels = batch_for(net, 2, 1).targets;
  for (auto& dev : all_devices()) {
    plain_loop loop{net, {}, *dev};
    CHECK(std::isnan(loop.step(inputs, labels)));
  }
}

TEST_CASE("answers are probabilities in neuron order, right ones are counted") {
  auto net = language_model();
  auto dev = make_cpu_device();
  auto data = batch_for(net, 30, 3);
  plain_loop whole{net, {}, *dev};
  plain_loop split{net, make_group_graph(net, dealt(net, 4, 5)), {}, *dev};
  auto expected = whole.answer(data.inputs);
  auto found = split.answer(data.inputs);
  auto correct = 0.0;
  for (uint64_t r = 0; r < 30; ++r) {
    auto sum = 0.0f;
    auto row = expected.values<float>().subspan(r * 11, 11);
    for (uint64_t c = 0; c < 11; ++c) {
      sum += row[c];
      CHECK(found.values<float>()[r * 11 + c] == doctest::Approx(row[c]));
    }
    CHECK(sum == doctest::Approx(1.0f));
    auto best = std::ranges::max_element(row) - row.begin();
    correct += best == data.targets.values<int32_t>()[r] ? 1 : 0;
  }
  CHECK(whole.evaluate(data.inputs, data.targets).correct == correct);
  CHECK(split.evaluate(data.inputs, data.targets).correct == correct);
}
