#include "nnactor/group/core.hpp"

#include "nnactor/machine/pin.hpp"
#include "nnactor/machine/trace.hpp"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

// Longer than the usual gap between two messages of a step, short enough to
// cost nothing when a job pauses.
constexpr auto spin_time = std::chrono::microseconds{50};

// Looks at the queue between two looks at the clock.
constexpr int looks = 64;

// Messages an actor takes before the others on its core have their turn.
constexpr size_t max_throughput = 1;

/// What actors send with: whoever they wake up goes to the scheduler of the
/// system, unless it lives on a core itself.
class sending_unit : public caf::execution_unit {
public:
  using caf::execution_unit::execution_unit;

  void exec_later(caf::resumable* what) override {
    system().scheduler().enqueue(what);
  }
};

} // namespace

/// Outlives the core until its thread has ended: the last actor to go may take
/// the core along, on that very thread.
struct core::shared : caf::execution_unit {
  shared(caf::actor_system& system, core_use what_for)
      : caf::execution_unit(&system), sender(&system), use(what_for) {
  }

  // From any thread.
  void exec_later(caf::resumable* what) override {
    {
      std::lock_guard guard{mutex};
      queue.push_back(what);
      ready.store(1);
    }
    if (sleeping.load())
      ready.notify_one();
  }

  void run() {
    std::vector<caf::resumable*> batch;
    while (!stopped.load()) {
      if (take(batch)) {
        wake();
        for (auto* what : batch)
          resume(what);
        batch.clear();
      } else if (!stopped.load()) {
        // What was taken was not the word to stop: that comes only once.
        wait();
      }
    }
    rest();
  }

  // The system, which counts its actors, may go as soon as the last of them has
  // ended, which is before the thread is done with it: so it waits for threads,
  // too, as long as they are awake. Asleep they touch nothing of the system.
  void wake() {
    if (!std::exchange(awake, true))
      system().inc_detached_threads();
  }

  void rest() {
    if (std::exchange(awake, false))
      system().dec_detached_threads();
  }

  bool take(std::vector<caf::resumable*>& batch) {
    if (ready.load(std::memory_order_acquire) == 0)
      return false;
    std::lock_guard guard{mutex};
    batch.swap(queue);
    ready.store(0);
    return !batch.empty();
  }

  void resume(caf::resumable* what) {
    if (what->resume(&sender, max_throughput) == caf::resumable::resume_later)
      exec_later(what);
    else
      intrusive_ptr_release(what);
  }

  void wait() {
    std::optional<trace::span> here;
    if (use == core_use::device) {
      here.emplace(trace::activity::waiting, "wait");
      if (spin())
        return;
    }
    rest();
    sleeping.store(true);
    ready.wait(0);
    sleeping.store(false);
  }

  // Whether there was something to do within the time. Gives the processor away
  // meanwhile: where there are fewer processors than cores, others have work to
  // do.
  bool spin() {
    auto until = clock::now() + spin_time;
    do {
      for (int i = 0; i < looks; ++i)
        if (ready.load(std::memory_order_relaxed) != 0)
          return true;
      sched_yield();
    } while (clock::now() < until);
    return false;
  }

  void stop() {
    stopped.store(true);
    ready.store(1);
    ready.notify_one();
  }

  sending_unit sender;
  core_use use;
  std::mutex mutex;
  std::vector<caf::resumable*> queue;
  std::atomic<uint32_t> ready{0};
  std::atomic<bool> sleeping{false};
  std::atomic<bool> stopped{false};
  bool awake = false; ///< Known to the thread alone.
  std::thread thread;
};

core::core(caf::actor_system& system, std::optional<uint32_t> cpu, core_use use)
    : shared_(std::make_shared<shared>(system, use)) {
  shared_->thread = std::thread{[self = shared_, cpu, use] {
    if (use == core_use::device)
      take_way();
    if (cpu)
      pin_this_thread(*cpu);
    self->run();
  }};
}

core::~core() {
  auto own = shared_->thread.get_id() == std::this_thread::get_id();
  auto thread = std::move(shared_->thread);
  shared_->stop();
  if (own)
    thread.detach();
  else
    thread.join();
}

caf::execution_unit* core::entry() const {
  return shared_.get();
}

} // namespace nnactor
