#include "bench/bench.hpp"
#include "bench/noise_job.hpp"
#include "bench/timed_run.hpp"

#include <future>

namespace nnactor {

namespace {

/// Steps a second of that many plain loops at once, each on a core of its own.
double plain_loops(const prepared_job& job, size_t count) {
  std::vector<std::future<double>> loops;
  for (size_t i = 0; i < count; ++i)
    loops.push_back(std::async(std::launch::async, [&job] {
      return time_plain_loop(job, job.graph);
    }));
  auto sum = 0.0;
  for (auto& x : loops)
    sum += x.get();
  return sum;
}

} // namespace

result<figures> run(const tax_bench& how) {
  auto job = make_noise_job(how.width, how.steps);
  if (!job)
    return job.error();
  auto one = time_nodes(*job, 1);
  if (!one)
    return one.error();
  auto two = time_nodes(*job, 2);
  if (!two)
    return two.error();
  auto plain = plain_loops(*job, 1);
  auto both = plain_loops(*job, 2);
  // Forward, gradient of inputs, gradient of weights.
  auto blocks = 3.0 * noise_layers * 2 * job->how.run.train.micro_batches;
  return figures{
      {"block_us", 1e6 / plain / blocks, 0, "us of work a block, mean"},
      {"plain_steps_per_s", plain, 2, "steps/s, a plain loop on one core"},
      {"one_node_steps_per_s", one->steps_per_s, 2, "steps/s, one node"},
      {"tax_local", 1 - one->steps_per_s / plain, 3,
       "share of the plain loop's speed that is lost"},
      {"two_plain_steps_per_s", both, 2,
       "steps/s, two plain loops at once, added up"},
      {"two_nodes_steps_per_s", two->steps_per_s, 2, "steps/s, two nodes"},
      {"tax_remote", 1 - two->steps_per_s / both, 3,
       "share of both plain loops' speed that is lost"},
      {"two_nodes_bytes_per_step", two->bytes_per_step, 0,
       "bytes over all links"},
  };
}

} // namespace nnactor
