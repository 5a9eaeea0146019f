#include "nnactor/run/answers.hpp"
#include "run/jobs.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

template <class T>
tensor rows_of(shape extent, const std::vector<T>& values) {
  tensor_builder<T> out{extent};
  std::ranges::copy(values, out.values().begin());
  return std::move(out).share();
}

/// A model of images of four values in three classes, and where they are.
manifest noise_model() {
  manifest out;
  network_description what;
  what.layers = {{"out", layer_kind::dense, activation::none, 0, {}, {}}};
  auto net = build_network(what, {4, 0, 3});
  REQUIRE(net);
  out.net = *net;
  out.experiment = "[data]\nformat = 'noise'\ninputs = 4\nclasses = 3\n"
                   "examples = 20\n[network]\n[[network.layers]]\n"
                   "name = 'out'\nkind = 'dense'\nunits = 3\n";
  return out;
}

} // namespace

TEST_CASE("an answer is the largest output, for every time step") {
  examples asked;
  asked.targets = rows_of<int32_t>({1, 2}, {2, 0});
  auto outputs = rows_of<float>({1, 6}, {0.1f, 0.2f, 0.7f, 0.3f, 0.5f, 0.2f});
  auto found = answers_of(asked, outputs);
  REQUIRE(found.size() == 2);
  CHECK(found[0].guess == 2);
  CHECK(found[0].value == 0.7f);
  CHECK(found[1].guess == 1);
  CHECK(found[1].label == 0);
  CHECK(found[1].right == 0.3f);

  score all;
  for (auto& x : found)
    all.add(x);
  CHECK(all.accuracy() == 0.5);
  CHECK(all.mean_loss()
        == doctest::Approx(-(std::log(0.7) + std::log(0.3)) / 2));
}

TEST_CASE("a model is asked about the data of its experiment, or others") {
  auto model = noise_model();
  auto data = open_data_of(model, "m", {});
  REQUIRE_MESSAGE(data, explain(data.error()));
  CHECK((*data)->shape().input_width == 4);
  auto fewer = open_data_of(model, "m", {"data.classes=2"});
  REQUIRE_MESSAGE(fewer, explain(fewer.error()));
  CHECK((*fewer)->shape().output_width == 2);
}

TEST_CASE("data that a network was not made for are refused") {
  auto model = noise_model();
  for (auto* what : {"data.inputs=5", "data.classes=4", "data.time_steps=2"}) {
    CAPTURE(what);
    auto data = open_data_of(model, "m", {what});
    REQUIRE(!data);
    CAPTURE(explain(data.error()));
    CHECK(code_of(data.error()) == ec::invalid_data);
    CHECK(explain(data.error()).find("the model in m was")
          != std::string::npos);
  }
}
