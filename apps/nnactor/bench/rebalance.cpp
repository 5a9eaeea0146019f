#include "bench/bench.hpp"
#include "bench/noise_job.hpp"
#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"
#include "bench/timed_run.hpp"
#include "terminal/output.hpp"

#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include <pthread.h>
#include <sched.h>

namespace nnactor {

namespace {

// Steps of each phase, and when the second rate is taken: so many steps after
// the command.
constexpr uint64_t phase_steps = 60;
constexpr uint64_t settling = 20;
constexpr uint64_t slow_at = 20 + phase_steps;
constexpr uint64_t command_at = slow_at + settling + phase_steps;
constexpr uint64_t last_step = command_at + settling + phase_steps;

/// Threads that do nothing, as fast as they can, on one core.
class burners {
public:
  void start(uint32_t count, uint32_t cpu) {
    for (uint32_t i = 0; i < count; ++i)
      threads_.emplace_back([this, cpu] {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(cpu, &cpus);
        pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
        while (!done_.load(std::memory_order_relaxed)) {
        }
      });
  }

  ~burners() {
    done_ = true;
    for (auto& x : threads_)
      x.join();
  }

private:
  std::atomic<bool> done_{false};
  std::vector<std::thread> threads_;
};

double rate(const std::map<uint64_t, stopwatch::time_point>& at, uint64_t first,
            uint64_t last) {
  std::chrono::duration<double> time = at.at(last) - at.at(first);
  return static_cast<double>(last - first) / time.count();
}

} // namespace

result<figures> run(const rebalance_bench& how) {
  if (std::thread::hardware_concurrency() < 2)
    return fail(ec::invalid_argument, "this needs two cores");
  auto job = make_noise_job(how.width, last_step);
  if (!job)
    return job.error();
  temporary_folder folder;
  job->how.store.path = folder.file("model");
  auto where = cluster_settings{};
  where.nodes = 2;
  auto ready =
      start_cluster({where, job->how.store.path, folder.file("nodes"), true});
  if (!ready)
    return ready.error();
  std::map<uint64_t, stopwatch::time_point> at;
  std::string moved;
  burners fire;
  auto err = ready->train(*job, [&](const progress& event) {
    if (event.what == progress::kind::notice)
      moved = event.text;
    if (event.what != progress::kind::step)
      return;
    at[event.step] = stopwatch::now();
    if (event.step == slow_at)
      fire.start(how.burners, 1);
    if (event.step == command_at)
      caf::anon_send(ready->cluster->control(), command_atom::value,
                     std::string{"rebalance"});
  });
  if (err)
    return err;
  auto before = rate(at, slow_at - phase_steps, slow_at);
  auto slowed = rate(at, command_at - phase_steps, command_at);
  auto after = rate(at, last_step - phase_steps, last_step);
  warn(moved.empty() ? "nothing moved" : moved);
  return figures{
      {"before_steps_per_s", before, 1, "steps/s, two nodes undisturbed"},
      {"slowed_steps_per_s", slowed, 1, "steps/s, one node slowed"},
      {"rebalanced_steps_per_s", after, 1,
       fmt::format("steps/s, {} to {} steps after the command", settling,
                   settling + phase_steps)},
      {"regained", (after - slowed) / (before - slowed), 2,
       "of the throughput that was lost"},
  };
}

} // namespace nnactor
