#pragma once

#include "nnactor/store/filesystem.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nnactor {

/// A process that trains a model, as it has written itself down there.
struct run_owner {
  std::string host;
  uint64_t process = 0; ///< Its number there; 0: it could not be read.
  std::string machine;  ///< The same for processes that see each other.
  uint64_t began = 0;   ///< Of the process, in ticks since the machine did.
};

/// Returns what this process writes down.
run_owner this_process();

/// Shows for as long as it lives that a run of this process trains a model: by
/// a file that says who, and whose time goes on once a second, from a thread
/// of its own. An owner that is killed leaves the file behind.
class run_lease {
public:
  static constexpr auto beat = std::chrono::milliseconds{1000};

  /// Silence after which a run on another machine counts as dead.
  static constexpr auto patience = 5 * beat;

  /// @param epoch The first that the run has claimed.
  /// Removes the files of earlier runs, for they can commit nothing any more.
  static result<std::unique_ptr<run_lease>> hold(std::shared_ptr<filesystem> fs,
                                                 const std::string& folder,
                                                 uint64_t epoch);

  virtual ~run_lease() = default;
};

/// Waits; tests give one that takes no time.
using pausing = std::function<void(std::chrono::milliseconds)>;
void pause_for(std::chrono::milliseconds time);

/// Returns the run that holds a model, nothing where none does or the last one
/// is dead. Whether a process of this machine lives is known at once; one of
/// another is watched for `run_lease::patience` at most.
std::optional<run_owner> find_live_run(filesystem& fs,
                                       const std::string& folder,
                                       const pausing& pause = pause_for);

} // namespace nnactor
