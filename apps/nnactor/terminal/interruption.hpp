#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace nnactor {

/// Takes Ctrl-C (SIGINT) and SIGTERM, which end a program at once, in place of
/// the system: exit status 130 or 143, with a word for people, and without what
/// a `temporary_path` names. A command can let the first of them end its work
/// in order; the second one ends it at once all the same.
///
/// Must be made before the first other thread is started, which inherits that
/// it does not get these signals.
class interruption {
public:
  /// @param last_words Told when a signal ends the program at once.
  explicit interruption(std::string last_words);

  ~interruption();

  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

  /// From now on a signal ends the program at once.
  void end_at_once(std::string last_words);

  /// From now on the first signal calls `stop` on a thread of its own, and has
  /// `patience` from then on.
  /// @param first_words Told then.
  void end_in_order(std::function<void()> stop,
                    std::chrono::milliseconds patience, std::string first_words,
                    std::string last_words);

  /// The signal that has called `stop`, 0 if none has.
  int signal() const {
    return signal_;
  }

private:
  using clock = std::chrono::steady_clock;

  void watch();
  [[noreturn]] void end(int signal);

  mutable std::mutex mutex_;
  std::function<void()> stop_;
  std::chrono::milliseconds patience_{};
  std::string first_words_;
  std::string last_words_;
  clock::time_point deadline_ = clock::time_point::max();
  std::atomic<int> signal_ = 0;
  bool over_ = false;
  std::thread thread_;
};

} // namespace nnactor
