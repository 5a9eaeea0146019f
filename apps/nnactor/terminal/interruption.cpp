#include "terminal/interruption.hpp"

#include "terminal/output.hpp"
#include "terminal/temporary_path.hpp"

#include <csignal>
#include <cstdio>

#include <pthread.h>
#include <unistd.h>

namespace nnactor {

namespace {

sigset_t signals_that_end() {
  sigset_t all;
  sigemptyset(&all);
  sigaddset(&all, SIGINT);
  sigaddset(&all, SIGTERM);
  return all;
}

const char* name_of_signal(int signal) {
  return signal == SIGINT ? "SIGINT" : "SIGTERM";
}

// The cursor may stand behind a bar, and the terminal has added a ^C.
void tell(const std::string& what) {
  if (isatty(STDERR_FILENO) != 0)
    std::fputs("\n", stderr); // Does not throw where nobody reads.
  warn(what);
}

} // namespace

interruption::interruption(std::string last_words)
    : last_words_(std::move(last_words)) {
  auto all = signals_that_end();
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  thread_ = std::thread{[this] { watch(); }};
}

interruption::~interruption() {
  {
    std::lock_guard lock{mutex_};
    over_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void interruption::end_at_once(std::string last_words) {
  std::lock_guard lock{mutex_};
  stop_ = nullptr;
  last_words_ = std::move(last_words);
}

void interruption::end_in_order(std::function<void()> stop,
                                std::chrono::milliseconds patience,
                                std::string first_words,
                                std::string last_words) {
  std::lock_guard lock{mutex_};
  stop_ = std::move(stop);
  patience_ = patience;
  first_words_ = std::move(first_words);
  last_words_ = std::move(last_words);
}

void interruption::watch() {
  auto all = signals_that_end();
  // How often the deadline is looked at.
  constexpr auto interval = timespec{0, 200'000'000};
  for (;;) {
    auto came = sigtimedwait(&all, nullptr, &interval);
    std::lock_guard lock{mutex_};
    if (over_)
      return;
    if (came > 0 && signal_ == 0 && stop_) {
      signal_ = came;
      deadline_ = clock::now() + patience_;
      tell(fmt::format("{}: {}", name_of_signal(came), first_words_));
      stop_();
    } else if (came > 0) {
      end(came);
    } else if (clock::now() > deadline_) {
      end(signal_);
    }
  }
}

void interruption::end(int signal) {
  tell(fmt::format("{}: {}", name_of_signal(signal), last_words_));
  remove_temporary_paths();
  _exit(128 + signal);
}

} // namespace nnactor
