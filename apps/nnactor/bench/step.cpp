#include "bench/bench.hpp"
#include "bench/timed_run.hpp"

#include "nnactor/config/experiment.hpp"

namespace nnactor {

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
  auto plain = time_plain_loop(
      *job, make_group_graph(
                job->net, {{neuron_set::range(0, job->net.neuron_count())}}));
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
