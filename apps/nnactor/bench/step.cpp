#include "bench/bench.hpp"
#include "bench/temporary_folder.hpp"
#include "bench/timed_run.hpp"
#include "bench/trace_report.hpp"
#include "terminal/output_file.hpp"

#include "nnactor/config/experiment.hpp"

#include <boost/filesystem.hpp>
#include <unistd.h>

namespace nnactor {

namespace {

/// The same once more, written down: that takes time, which is not to be in the
/// figures.
result<traced_run> trace_nodes(const prepared_job& job, uint32_t nodes,
                               std::string name) {
  temporary_folder folder;
  trace::begin(folder.file(""));
  auto timed = time_nodes(job, nodes);
  trace::begin({});
  if (!timed)
    return timed.error();
  auto threads = trace::read(folder.file(""));
  if (!threads)
    return threads.error();
  return traced_run{std::move(name), std::move(*threads)};
}

caf::error add_traces(const step_bench& how, const prepared_job& job,
                      figures& to) {
  std::vector<traced_run> runs;
  for (auto [nodes, name] :
       {std::pair{1u, "one_node"}, std::pair{3u, "three_nodes"}}) {
    auto run = trace_nodes(job, nodes, name);
    if (!run)
      return run.error();
    for (auto& x : shares_of(*run))
      to.push_back(std::move(x));
    runs.push_back(std::move(*run));
  }
  return write_trace(runs, static_cast<uint64_t>(getpid()), how.trace,
                     how.overwrite);
}

} // namespace

result<figures> run(const step_bench& how) {
  if (auto err = check_output(how.trace, how.overwrite))
    return err;
  auto config = read_experiment(how.config, {});
  if (!config)
    return config.error();
  config->run.steps = how.steps;
  config->run.train.schedule.steps = how.steps;
  config->run.evaluate_every = how.steps;
  auto job = prepare(std::move(*config));
  if (!job)
    return job.error();
  if (job->how.distribute.waits_for_nodes())
    return fail(ec::invalid_config,
                "{}: this times a split that is the same on any nodes; take a "
                "config whose parts are written down",
                to_string(job->how.distribute.where));
  auto one = time_nodes(*job, 1);
  if (!one)
    return one.error();
  auto three = time_nodes(*job, 3);
  if (!three)
    return three.error();
  auto split = time_plain_loop(*job, job->graph);
  auto plain = time_plain_loop(
      *job, make_group_graph(
                job->net, {{neuron_set::range(0, job->net.neuron_count())}}));
  figures out{
      {"plain_steps_per_s", plain, 1,
       "steps/s, plain loop over whole layers, one core"},
      {"split_plain_steps_per_s", split, 1,
       "steps/s, plain loop over the parts that nodes have, one core"},
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
      {"one_node_over_split_plain", one->steps_per_s / split, 2,
       "ratio, what the runtime leaves of it"},
  };
  if (!how.trace.empty())
    if (auto err = add_traces(how, *job, out))
      return err;
  return out;
}

} // namespace nnactor
