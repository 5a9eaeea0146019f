#include "bench.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/engine/plain_loop.hpp"
#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"

#include <boost/filesystem.hpp>

#include <chrono>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

// First steps create kernels and connections.
constexpr uint64_t warm_up = 20;

struct timing {
  double steps_per_s = 0;
  double bytes_per_step = 0;
};

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

// A folder for the model of a benchmark, gone with it.
class temporary_folder {
public:
  temporary_folder()
      : path_(boost::filesystem::temp_directory_path()
              / boost::filesystem::unique_path("nnactor-%%%%%%%%")) {
    boost::filesystem::create_directories(path_);
  }

  ~temporary_folder() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }

  std::string file(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  boost::filesystem::path path_;
};

result<timing> time_nodes(prepared_job job, uint32_t nodes) {
  temporary_folder folder;
  job.how.store.path = folder.file("model");
  job.how.cluster.nodes = nodes;
  job.how.cluster.addresses.clear();
  auto cluster = controller::make(
      {job.how.cluster, job.how.store.path, folder.file("nodes")});
  if (!cluster)
    return cluster.error();
  auto claim = (*cluster)->claim_epoch();
  if (!claim)
    return claim.error();
  if (auto joined = (*cluster)->join(); !joined)
    return joined.error();
  auto steps = job.how.run.steps;
  trainer_settings how;
  how.data = job.data;
  how.run = job.how.run;
  how.store = job.how.store;
  clock::time_point start;
  timing out;
  auto err = (*cluster)->train(
      make_training(job, claim->epoch, claim->token), std::move(how),
      [](const deployed_network&) {},
      [&](const progress& event) {
        if (event.what == progress::kind::step && event.step == warm_up)
          start = clock::now();
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

double time_plain_loop(const prepared_job& job) {
  auto dev = make_cpu_device();
  auto& train = job.how.run.train;
  auto loop = plain_loop{job.net, train, *dev};
  auto order =
      batch_order{job.data->size(split::train), train.batch, train.seed};
  clock::time_point start;
  for (uint64_t i = 0; i < job.how.run.steps; ++i) {
    if (i == warm_up)
      start = clock::now();
    auto batch = job.data->gather(split::train, order.batch(i));
    loop.step(batch.inputs, batch.targets);
  }
  return static_cast<double>(job.how.run.steps - warm_up)
         / seconds_since(start);
}

} // namespace

result<figures> run(const step_bench& how) {
  auto config = read_experiment(how.config, {});
  if (!config)
    return config.error();
  config->run.steps = how.steps;
  config->run.train.schedule.steps = how.steps;
  config->run.evaluate_every = how.steps;
  auto job = prepare(std::move(*config));
  if (!job)
    return job.error();
  auto one = time_nodes(*job, 1);
  if (!one)
    return one.error();
  auto three = time_nodes(*job, 3);
  if (!three)
    return three.error();
  auto plain = time_plain_loop(*job);
  return figures{
      {"plain_steps_per_s", plain, 1, "steps/s, plain loop, one core"},
      {"one_node_steps_per_s", one->steps_per_s, 1,
       "steps/s, one node process"},
      {"three_nodes_steps_per_s", three->steps_per_s, 1,
       "steps/s, three node processes"},
      {"one_node_bytes_per_step", one->bytes_per_step, 0,
       "bytes, driver to node and back"},
      {"three_nodes_bytes_per_step", three->bytes_per_step, 0,
       "bytes, over all links"},
      {"one_node_over_plain", one->steps_per_s / plain, 2, "ratio"},
      {"three_nodes_over_plain", three->steps_per_s / plain, 2, "ratio"},
  };
}

} // namespace nnactor
