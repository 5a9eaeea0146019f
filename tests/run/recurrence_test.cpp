#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr uint32_t time_steps = 6;
constexpr uint32_t ago = 2;

/// Digits of which, at every time step, the one of two steps ago is asked for:
/// what is there to see tells nothing about it.
class digits_to_remember final : public made_up_data {
public:
  using made_up_data::made_up_data;

  examples gather(split part,
                  const std::vector<uint64_t>& indices) const override {
    auto out = made_up_data::gather(part, indices);
    auto seen = out.inputs.values<int32_t>();
    tensor_builder<int32_t> labels{out.targets.extent()};
    for (size_t i = 0; i < seen.size(); ++i)
      labels.values()[i] = i % time_steps < ago ? 0 : seen[i - ago];
    out.targets = std::move(labels).share();
    return out;
  }
};

/// Share of the digits that a network of four digits tells after training on
/// two nodes.
double learned(const network& net) {
  auto job = small_job(net, dealt(net, 3, 4), 300);
  job.data = std::make_shared<digits_to_remember>(net, 512, 64);
  job.how.run.evaluate_every = 300;
  job.how.run.train.schedule.rate = 0.02f;
  simulated_cluster cluster{{.seed = 1, .nodes = 2}};
  auto out = cluster.train(job);
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  return out->of(progress::kind::validation).back().accuracy;
}

network with_hidden(layer_description hidden) {
  return network_of(
      {layer_of("digit", layer_kind::embedding, activation::none, 4),
       std::move(hidden), dense("out", activation::none, 0)},
      {1, 4, 4, time_steps});
}

} // namespace

TEST_CASE("a recurrent network learns what needs memory") {
  auto hidden = dense("hidden", activation::tanh, 24, {"digit"});
  // The first two answers are always 0; a guess at the others is right once in
  // four times.
  auto guessed = (2.0 + 4 * 0.25) / time_steps;
  CHECK(learned(with_hidden(hidden)) < guessed + 0.1);
  CHECK(learned(with_hidden(delayed(hidden, "hidden", 1))) > 0.98);
}

TEST_CASE("a connection of two time steps reaches as far") {
  auto hidden = dense("hidden", activation::tanh, 24, {"digit"});
  auto net = network_of(
      {layer_of("digit", layer_kind::embedding, activation::none, 4),
       dense("copy", activation::none, 4, {"digit"}),
       delayed(hidden, "copy", 2), dense("out", activation::none, 0)},
      {1, 4, 4, time_steps});
  CHECK(learned(net) > 0.98);
}
