#include "bench.hpp"
#include "noise_job.hpp"
#include "stopwatch.hpp"
#include "temporary_folder.hpp"
#include "timed_run.hpp"

#include <caf/send.hpp>

#include <chrono>

namespace nnactor {

namespace {

constexpr uint64_t commit_every = 5;
constexpr uint64_t kill_at = 12;
constexpr uint64_t steps = 20;

/// What happened when, in the order in which it does.
struct moments {
  std::optional<stopwatch::time_point> killed;
  std::optional<stopwatch::time_point> noticed;
  std::optional<stopwatch::time_point> placed;
  std::optional<stopwatch::time_point> first_step;

  void see(const progress& event) {
    auto now = stopwatch::now();
    auto mark = [now](auto& when) {
      if (!when)
        when = now;
    };
    if (event.what == progress::kind::notice && killed)
      mark(noticed ? placed : noticed);
    if (event.what == progress::kind::step && placed)
      mark(first_step);
  }

  double ms_after_kill(const std::optional<stopwatch::time_point>& when) const {
    return std::chrono::duration<double, std::milli>(*when - *killed).count();
  }
};

} // namespace

result<figures> run(const recovery_bench& how) {
  auto job = make_noise_job(how.width, steps);
  if (!job)
    return job.error();
  temporary_folder folder;
  job->how.store.path = folder.file("model");
  job->how.store.every = commit_every;
  cluster_settings where;
  where.nodes = how.nodes;
  auto ready =
      start_cluster({where, job->how.store.path, folder.file("nodes")});
  if (!ready)
    return ready.error();
  moments at;
  auto err = ready->train(*job, [&](const progress& event) {
    at.see(event);
    if (event.what == progress::kind::step && event.step == kill_at
        && !at.killed) {
      at.killed = stopwatch::now();
      caf::anon_send(ready->cluster->control(), command_atom::value,
                     std::string{"kill-node 2"});
    }
  });
  if (err)
    return err;
  if (!at.first_step)
    return fail(ec::internal, "no node was lost");
  return figures{
      {"parameters", static_cast<double>(job->net.parameter_count()), 0,
       "of the network"},
      {"detect_ms", at.ms_after_kill(at.noticed), 1,
       "ms from the end of a node's process until its loss is noticed"},
      {"placed_ms", at.ms_after_kill(at.placed), 1,
       "ms until its groups are on others and everybody has gone back"},
      {"first_step_ms", at.ms_after_kill(at.first_step), 1,
       "ms until the first new step is done"},
  };
}

} // namespace nnactor
