#include "terminal/stop_signals.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <mutex>
#include <thread>

#include <unistd.h>

namespace nnactor {

namespace {

// Leaves a second of the five after which a process should be gone.
constexpr timespec patience{.tv_sec = 4, .tv_nsec = 0};

// As if it had ended by itself; buffers and static objects may be in use.
[[noreturn]] void end_at_once() {
  _exit(0);
}

} // namespace

struct stop_signals::shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;   ///< Somebody waits for a signal.
  bool arrived = false; ///< The first one.
  std::string waits_for = "the process";

  void run(const sigset_t& signals) {
    int signal = 0;
    sigwait(&signals, &signal);
    {
      std::lock_guard guard{mutex};
      if (!ready)
        end_at_once();
      arrived = true;
      changed.notify_all();
    }
    while (sigtimedwait(&signals, nullptr, &patience) < 0)
      if (errno == EAGAIN) {
        tell();
        break;
      }
    end_at_once();
  }

  // Not through the buffer of a stream: whoever hangs may hold its lock.
  void tell() {
    std::lock_guard guard{mutex};
    auto line = fmt::format("nnactor: {} did not end within {} s; the process "
                            "ends without it\n",
                            waits_for, patience.tv_sec);
    static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
  }
};

stop_signals::stop_signals(bool heed) : shared_(std::make_shared<shared>()) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (!heed)
    sigemptyset(&signals);
  // It watches until the process has gone.
  std::thread{[self = shared_, signals] { self->run(signals); }}.detach();
}

void stop_signals::wait() {
  std::unique_lock guard{shared_->mutex};
  shared_->ready = true;
  shared_->changed.wait(guard, [this] { return shared_->arrived; });
}

void stop_signals::waiting_for(const std::string& what) const {
  std::lock_guard guard{shared_->mutex};
  shared_->waits_for = what;
}

} // namespace nnactor
