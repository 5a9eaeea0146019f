#include "bench/timed_run.hpp"

#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/engine/plain_loop.hpp"

namespace nnactor {

namespace {

// First steps create kernels and connections.
constexpr uint64_t warm_up = 20;

} // namespace

result<ready_cluster> start_cluster(controller_settings how) {
  auto cluster = controller::make(std::move(how));
  if (!cluster)
    return cluster.error();
  auto claim = (*cluster)->claim_epoch();
  if (!claim)
    return claim.error();
  if (auto joined = (*cluster)->join(); !joined)
    return joined.error();
  return ready_cluster{std::move(*cluster), *claim};
}

caf::error ready_cluster::train(
    const prepared_job& job, const controller::watcher& watch,
    const std::function<void(const deployed_network&)>& placed) {
  trainer_settings how;
  how.data = job.data;
  how.run = job.how.run;
  how.store = job.how.store;
  return cluster->train(make_training(job, claim.epoch, claim.token),
                        std::move(how), placed, watch);
}

result<timing> time_nodes(prepared_job job, uint32_t nodes) {
  temporary_folder folder;
  job.how.store.path = folder.file("model");
  job.how.cluster.nodes = nodes;
  job.how.cluster.addresses.clear();
  auto ready = start_cluster(
      {job.how.cluster, job.how.store.path, folder.file("nodes")});
  if (!ready)
    return ready.error();
  auto steps = job.how.run.steps;
  stopwatch::time_point start;
  timing out;
  auto err = ready->train(job, [&](const progress& event) {
    if (event.what == progress::kind::step && event.step == warm_up)
      start = stopwatch::now();
    if (event.what == progress::kind::step && event.step == steps)
      out.steps_per_s =
          static_cast<double>(steps - warm_up) / seconds_since(start);
    // Before the validation at the end.
    if (event.what == progress::kind::traffic && event.step == steps
        && out.bytes_per_step == 0)
      out.bytes_per_step =
          static_cast<double>(event.bytes) / static_cast<double>(steps);
  });
  if (err)
    return err;
  return out;
}

double time_plain_loop(const prepared_job& job, const group_graph& graph) {
  auto dev = make_cpu_device();
  auto& train = job.how.run.train;
  auto loop = plain_loop{job.net, graph, train, *dev};
  auto order =
      batch_order{job.data->size(split::train), train.batch, train.seed};
  stopwatch::time_point start;
  for (uint64_t i = 0; i < job.how.run.steps; ++i) {
    if (i == warm_up)
      start = stopwatch::now();
    auto batch = job.data->gather(split::train, order.batch(i));
    loop.step(batch.inputs, batch.targets);
  }
  return static_cast<double>(job.how.run.steps - warm_up)
         / seconds_since(start);
}

} // namespace nnactor
