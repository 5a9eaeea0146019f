#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/engine/plain_loop.hpp"
#include "run/jobs.hpp"
#include "support/networks.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr uint64_t graphs = 10000;
constexpr uint64_t steps = 2;
/// One of so many is a transformer, which takes longer than all others.
constexpr uint64_t graphs_per_transformer = 16;

/// Up to five layers, each reading any of those before it and, delayed, any at
/// all; nothing where some layer is read by nobody.
std::optional<network> try_network(std::mt19937_64& random) {
  network_description what;
  auto time_steps = static_cast<uint32_t>(1 + random() % 3);
  auto count = 1 + random() % 5;
  for (uint64_t i = 0; i < count; ++i) {
    auto& layer = what.layers.emplace_back();
    layer.name = fmt::format("l{}", i);
    layer.act = random() % 2 ? activation::tanh : activation::none;
    layer.units = i + 1 == count ? 0 : 1 + random() % 4;
    layer.kind = random() % 3 ? layer_kind::dense : layer_kind::sparse;
    layer.sparse.degree = 1;
    for (uint64_t j = 0; j < i; ++j)
      if (random() % 3 == 0)
        layer.inputs.push_back(fmt::format("l{}", j));
    if (random() % 4 == 0)
      layer.inputs.push_back("input");
    for (uint64_t j = i; j < count && time_steps > 1; ++j)
      if (random() % 4 == 0) {
        if (layer.inputs.empty())
          layer.inputs.push_back(i == 0 ? "input" : fmt::format("l{}", i - 1));
        layer.inputs.push_back(fmt::format("l{}", j));
        layer.delays.emplace_back(
            layer.inputs.back(),
            static_cast<uint32_t>(1 + random() % (time_steps - 1)));
      }
  }
  auto net = build_network(what, {3, 0, 2, time_steps});
  return net ? std::optional{*net} : std::nullopt;
}

network any_network(std::mt19937_64& random) {
  for (;;)
    if (auto net = try_network(random))
      return *net;
}

/// The transformer of a seed.
network transformer_of(uint64_t seed) {
  auto draw = rc::gen::exec([] { return any_transformer(); });
  return draw(rc::Random{seed}, rc::kNominalSize).value();
}

/// Every neuron in a part drawn at random.
partition any_partition(const network& net, std::mt19937_64& random) {
  std::vector<std::vector<neuron_id>> parts(
      1 + random() % std::min<uint64_t>(4, net.neuron_count()));
  for (neuron_id id = 0; id < net.neuron_count(); ++id)
    parts[id < parts.size() ? id : random() % parts.size()].push_back(id);
  partition out;
  for (auto& ids : parts)
    out.parts.push_back(neuron_set::of(std::move(ids)));
  return out;
}

/// Parameters after as many steps in a plain loop over the same groups.
std::vector<parameter_set> expected_of(const prepared_job& job) {
  auto dev = make_reference_device();
  auto loop = plain_loop{job.net, job.graph, job.how.run.train, *dev};
  step_through(loop, job);
  return loop.save();
}

bool same_weights(const prepared_job& job, model_store store) {
  auto saved = store.open(choice::newest);
  if (!saved)
    return false;
  for (auto& group : expected_of(job)) {
    auto found = store.read(*saved, group.layer, group.neurons);
    if (!found)
      return false;
    for (auto& p : group.parameters) {
      auto x = std::ranges::find(found->parameters, p.name, &parameter::name);
      if (x == found->parameters.end()
          || !std::ranges::equal(x->values.values<float>(),
                                 p.values.values<float>()))
        return false;
    }
  }
  return true;
}

/// Trains to the end, with a look at all groups now and then.
simulated_cluster::outcome_ptr train_watched(simulated_cluster& x,
                                             const prepared_job& job) {
  auto out = x.start_training(job);
  for (uint64_t i = 0; !out->ended && x.world.step(); ++i)
    if (i % 32 == 0)
      REQUIRE_MESSAGE(is_bounded(x, job), "a group holds too much");
  x.world.settle();
  return out;
}

} // namespace

TEST_CASE("no random graph hangs, loses or doubles a contribution") {
  std::mt19937_64 random{1};
  for (uint64_t i = 0; i < graphs; ++i) {
    CAPTURE(i);
    auto net = i % graphs_per_transformer > 0 ? any_network(random)
                                              : transformer_of(i);
    auto job = job_of(net, any_partition(net, random), {});
    auto& run = job.how.run;
    run.steps = run.evaluate_every = steps;
    run.train = settings_for(4, optimizer_kind::sgd, 0.05f);
    run.train.micro_batches = random() % 2 ? 2 : 4;
    run.train.window = static_cast<uint32_t>(1 + random() % 5);
    run.train.optimizer.clip = random() % 3 ? 0.0f : 0.1f;
    simulation how{.seed = i, .nodes = static_cast<uint32_t>(1 + random() % 3)};
    how.devices = static_cast<uint32_t>(1 + random() % 2);
    simulated_cluster x{how};
    auto out = train_watched(x, job);
    REQUIRE_MESSAGE(out->ended, "stands still");
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    REQUIRE(same_weights(job, x.store()));
  }
}
