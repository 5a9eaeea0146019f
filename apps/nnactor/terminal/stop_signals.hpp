#pragma once

#include <memory>
#include <string>

namespace nnactor {

/// SIGINT and SIGTERM for a process that serves others. After the first one it
/// has `patience` to end, a second one ends it at once: nothing that it holds
/// is lost with it. Without this, a call that does not return, such as one of a
/// hard-mounted NFS, would keep it for ever.
class stop_signals {
public:
  /// Must come before the first thread: from here on, the signals reach nobody
  /// but this. One that comes before `wait` ends the process at once.
  /// @param heed Off for a process that only its parent may end.
  explicit stop_signals(bool heed);

  /// Waits for the first.
  void wait();

  /// What the process waits for now; told to people if that does not end. May
  /// be called from any thread.
  void waiting_for(const std::string& what) const;

  struct shared;

private:
  std::shared_ptr<shared> shared_;
};

} // namespace nnactor
