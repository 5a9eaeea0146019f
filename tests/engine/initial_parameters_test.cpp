#include "engine/networks.hpp"
#include "nnactor/engine/initial_parameters.hpp"

#include <cmath>

using namespace nnactor;

TEST_CASE("every partition starts from the same network") {
  for (const auto& net : {language_model(), skipping_network()}) {
    auto dev = make_reference_device();
    plain_loop whole{net, {}, *dev};
    for (const auto& of : partitions_of(net)) {
      CAPTURE(of.name);
      auto graph = make_group_graph(net, of.parts);
      plain_loop split{net, graph, {}, *dev};
      CHECK(same_bytes(split.save(), regroup(whole.save(), graph)));
    }
  }
}

TEST_CASE("weights are uniform within their bound, biases are 0") {
  auto net = network_of({dense("wide", activation::relu, 60),
                         dense("output", activation::none, 10)},
                        {100, 0, 10});
  auto dev = make_reference_device();
  auto saved = plain_loop{net, {}, *dev}.save();
  CHECK(initial_bound(net.layers[1]) == doctest::Approx(std::sqrt(6.0 / 100)));
  CHECK(initial_bound(net.layers[2]) == doctest::Approx(std::sqrt(6.0 / 70)));
  auto sum = 0.0, squares = 0.0, largest = 0.0;
  auto weights = saved[0].parameters[0].values.values<float>();
  for (auto w : weights) {
    auto value = static_cast<double>(w);
    sum += value;
    squares += value * value;
    largest = std::max(largest, std::abs(value));
  }
  auto count = static_cast<double>(weights.size());
  CHECK(sum / count == doctest::Approx(0).epsilon(0.01));
  CHECK(squares / count == doctest::Approx(2.0 / 100).epsilon(0.05));
  CHECK(largest <= std::sqrt(6.0 / 100));
  for (const auto& x : saved[0].parameters)
    if (x.name == "bias")
      for (auto b : x.values.values<float>())
        CHECK(b == 0.0f);
}

TEST_CASE("another seed is another network") {
  auto net = language_model();
  auto dev = make_reference_device();
  train_settings one, two;
  two.seed = 2;
  CHECK_FALSE(same_bytes(plain_loop{net, one, *dev}.save(),
                         plain_loop{net, two, *dev}.save()));
}
