#pragma once

#include "engine/networks.hpp"
#include "nnactor/group/neuron_group.hpp"
#include "support/simulation.hpp"

namespace nnactor::test {

/// One part with all neurons.
inline partition whole(const network& net) {
  return {{neuron_set::range(0, net.neuron_count())}};
}

/// A training job that is over in no time: batches of 16 in 4 micro-batches,
/// a validation and a generation every 10 steps.
inline prepared_job small_job(const network& net, const partition& parts,
                              uint64_t steps = 30, uint32_t window = 4,
                              float clip = 0) {
  run_settings run;
  run.steps = steps;
  run.evaluate_every = 10;
  run.train = settings_for(16, optimizer_kind::adam, 3e-3f);
  run.train.micro_batches = 4;
  run.train.window = window;
  run.train.optimizer.clip = clip;
  return job_of(net, parts, run);
}

/// What nodes compute with: what the others are compared with, and what users
/// have.
using device_maker = std::unique_ptr<device> (*)();
constexpr device_maker host_devices[] = {make_reference_device,
                                         make_cpu_device};

/// Gives a model the batches of a job one after the other, returns its losses.
template <class Model>
std::vector<double> step_through(Model& model, const prepared_job& job) {
  auto& how = job.how.run;
  batch_order order{job.data->size(split::train), how.train.batch,
                    how.train.seed};
  std::vector<double> losses;
  for (uint64_t step = 0; step < how.steps; ++step) {
    auto batch = job.data->gather(split::train, order.batch(step));
    losses.push_back(model.step(batch.inputs, batch.targets));
  }
  return losses;
}

/// What a run leaves behind.
struct trained {
  std::vector<parameter_set> model;
  std::vector<double> losses;
  std::vector<double> validation;
};

/// The same training in one loop without actors, which validates nothing.
inline trained train_plainly(const prepared_job& job,
                             device_maker make = make_reference_device) {
  auto dev = make();
  plain_loop loop{job.net, job.graph, job.how.run.train, *dev};
  auto losses = step_through(loop, job);
  // As `content` gives it: by layer, names ascending.
  auto model = regroup(loop.save(), make_group_graph(job.net, whole(job.net)));
  for (auto& layer : model)
    std::ranges::sort(layer.parameters, {}, &parameter::name);
  return {std::move(model), std::move(losses), {}};
}

inline trained train(const prepared_job& job, const simulation& how) {
  simulated_cluster cluster{how};
  auto out = cluster.train(job);
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  REQUIRE(out->ended);
  trained result{content(cluster.store()), out->losses(), {}};
  for (auto& x : out->of(progress::kind::validation))
    result.validation.push_back(x.loss);
  return result;
}

/// A trained model of a partition of three.
inline std::shared_ptr<filesystem> trained_model(const network& net,
                                                 uint64_t steps = 10) {
  auto storage = make_memory_filesystem();
  simulated_cluster x{{.nodes = 3, .storage = storage}};
  auto out = x.train(small_job(net, dealt(net, 3, 4), steps));
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  return storage;
}

/// Lets a job go on until so many steps are done.
inline void run_steps(simulated_cluster& x,
                      const simulated_cluster::outcome_ptr& out, size_t steps) {
  REQUIRE(x.world.settle_until(
      [&] { return out->count(progress::kind::step) >= steps; }));
}

/// Lets it go on until so many generations are committed.
inline void run_commits(simulated_cluster& x,
                        const simulated_cluster::outcome_ptr& out,
                        size_t commits) {
  REQUIRE(x.world.settle_until(
      [&] { return out->count(progress::kind::committed) >= commits; }));
}

/// Lets time pass until a job ends, for whoever tries again later.
inline void run_to_the_end(simulated_cluster& x,
                           const simulated_cluster::outcome_ptr& out) {
  for (int i = 0; i < 100 && !out->ended; ++i) {
    x.world.settle();
    if (!out->ended)
      x.world.advance(std::chrono::seconds{1});
  }
  REQUIRE(out->ended);
}

inline bool mentions(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

/// How many notices have a text in them.
inline size_t notices(const simulated_cluster::outcome& out,
                      const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(out.of(progress::kind::notice),
                            [&](auto& x) { return mentions(x.text, text); }));
}

/// A network on nodes a:1, b:1, ..., with a part on each.
inline deployment on_nodes(uint32_t nodes, uint32_t devices) {
  deployment out;
  out.net = language_model();
  out.parts = dealt(out.net, nodes, 1);
  out.graph = make_group_graph(out.net, out.parts);
  out.where = place(out.graph, nodes, devices);
  for (uint32_t i = 0; i < nodes; ++i)
    out.servers.push_back(
        {std::string(1, static_cast<char>('a' + i)) + ":1", "", i + 1});
  out.servers.push_back({"driver", "", 0});
  return out;
}

/// Whether no group holds more than the window lets the driver send.
inline bool is_bounded(const simulated_cluster& x, const prepared_job& job) {
  size_t window = job.how.run.train.window * job.net.time_steps;
  for (auto& node : x.nodes) {
    auto& at = state_of<node_state>(node).job;
    if (!at)
      continue;
    for (auto& [id, actor] : at->groups) {
      if (job.graph.groups[id].kind != group_kind::neurons)
        continue;
      auto& group = state_of<neuron_group_state>(actor);
      if (group.inputs.size() > window || group.gradients.size() > window)
        return false;
    }
  }
  return true;
}

} // namespace nnactor::test
