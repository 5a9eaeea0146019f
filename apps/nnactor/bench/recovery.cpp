#include "bench/bench.hpp"
#include "bench/noise_job.hpp"
#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"
#include "bench/timed_run.hpp"

#include <chrono>
#include <csignal>

namespace nnactor {

namespace {

constexpr uint64_t commit_every = 5;
constexpr uint64_t disturbed_at = 12;
constexpr uint64_t total_steps = 20;

/// What happened when, in the order in which it does.
struct moments {
  std::optional<stopwatch::time_point> disturbed;
  std::optional<stopwatch::time_point> noticed;
  std::optional<stopwatch::time_point> placed;
  std::optional<stopwatch::time_point> first_step;

  void see(const progress& event) {
    auto now = stopwatch::now();
    auto mark = [now](auto& when) {
      if (!when)
        when = now;
    };
    if (event.what == progress::kind::notice && disturbed)
      mark(noticed ? placed : noticed);
    if (event.what == progress::kind::step && placed)
      mark(first_step);
  }

  double ms_until(const std::optional<stopwatch::time_point>& when) const {
    return std::chrono::duration<double, std::milli>(*when - *disturbed)
        .count();
  }
};

/// A run of which one node is disturbed, by its process.
result<moments> disturb_one(prepared_job job, uint32_t nodes,
                            const std::function<void(pid_t)>& how) {
  temporary_folder folder;
  job.how.store.path = folder.file("model");
  job.how.store.every = commit_every;
  cluster_settings where;
  where.nodes = nodes;
  auto ready = start_cluster({where, job.how.store.path, folder.file("nodes")});
  if (!ready)
    return ready.error();
  pid_t victim = 0;
  moments at;
  auto err = ready->train(
      job,
      [&](const progress& event) {
        at.see(event);
        if (event.what == progress::kind::step && event.step == disturbed_at
            && !at.disturbed) {
          at.disturbed = stopwatch::now();
          how(victim);
        }
      },
      [&](const deployed_network& network) {
        auto& last = network.cluster.members.back();
        victim = static_cast<pid_t>(last.info.process);
      });
  if (err)
    return err;
  if (!at.first_step)
    return fail(ec::internal, "no node was lost");
  return at;
}

} // namespace

result<figures> run(const recovery_bench& how) {
  auto job = make_noise_job(how.width, total_steps);
  if (!job)
    return job.error();
  auto killed = disturb_one(*job, how.nodes, [](pid_t x) { kill(x, SIGKILL); });
  if (!killed)
    return killed.error();
  auto frozen = disturb_one(*job, how.nodes, [](pid_t x) { kill(x, SIGSTOP); });
  if (!frozen)
    return frozen.error();
  return figures{
      {"parameters", static_cast<double>(job->net.parameter_count()), 0,
       "of the network"},
      {"detect_ms", killed->ms_until(killed->noticed), 1,
       "ms from the end of a node's process until its loss is noticed"},
      {"placed_ms", killed->ms_until(killed->placed), 1,
       "ms until its groups are on others and everybody has gone back"},
      {"first_step_ms", killed->ms_until(killed->first_step), 1,
       "ms until the first new step is done"},
      {"hang_detect_ms", frozen->ms_until(frozen->noticed), 1,
       "ms until a node is noticed that hangs"},
      {"hang_first_step_ms", frozen->ms_until(frozen->first_step), 1,
       "ms until the first new step is done"},
  };
}

} // namespace nnactor
