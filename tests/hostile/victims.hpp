#pragma once

#include "connection.hpp"

#include "support/process.hpp"

#include <optional>

namespace nnactor::test {

/// What a process has taken of memory at most so far, in bytes.
uint64_t peak_memory(pid_t process);

/// Files that a process has open.
size_t open_files(pid_t process);

/// How a node and a run on it are set up.
struct victim_settings {
  bool tls = false;
  int steps = 40;
  int files = 0; ///< That the node may open; 0: as many as this test.
};

/// A node, and a run on it that begins when it is told to.
class victims {
public:
  explicit victims(victim_settings how);

  uint16_t node_port() const {
    return node_port_;
  }

  /// Where shells reach the run.
  uint16_t control_port() const {
    return control_port_;
  }

  pid_t node() const {
    return node_->id();
  }

  pid_t driver() const {
    return run_->id();
  }

  /// What strangers need to get in; null without TLS.
  const tls_identity* identity() const {
    return identity_ ? &*identity_ : nullptr;
  }

  /// Gives the run a command of the shell, for example to `resume`.
  void tell(const std::string& command);

  /// Takes lines of the run up to one with `what`.
  void await(const std::string& what) {
    run_->line_with(what);
  }

  /// Waits until the run has ended, with success, and says what the model is.
  std::string finish();

  /// What a run on the same node makes that nobody disturbs.
  std::string undisturbed();

private:
  std::vector<std::string> node_words();
  std::vector<std::string> with_credentials(std::vector<std::string> words);

  scratch folder_;
  victim_settings how_;
  std::optional<tls_identity> identity_;
  std::optional<process> node_;
  std::optional<process> run_;
  uint16_t node_port_ = 0;
  uint16_t control_port_ = 0;
};

} // namespace nnactor::test
