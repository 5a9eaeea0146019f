#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace nnactor::test {

/// What a finished program left.
struct outcome {
  int status = -1; ///< Exit status, or 128 + signal.
  std::string out;
  std::string err;
};

/// A program that runs beside the test and ends with it at the latest.
class process {
public:
  explicit process(const std::vector<std::string>& words);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  pid_t id() const {
    return id_;
  }

  /// Returns the next line of its output, nothing at the end of it.
  std::optional<std::string> line();

  /// Returns the first line that contains `what`; the test fails without.
  std::string line_with(const std::string& what);

  /// Gives it something to read.
  void write(const std::string& text);

  void send(int signal);

  /// Waits for its end and returns the rest of its output.
  outcome finish();

private:
  bool fill();

  pid_t id_ = 0;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string buffered_;
};

/// Runs `nnactor WORDS...` to its end.
outcome run_nnactor(const std::vector<std::string>& words);

/// The words that start nnactor.
std::vector<std::string> command(const std::vector<std::string>& words);

/// Processes whose parent is `parent`.
std::vector<pid_t> children_of(pid_t parent);

/// Returns the HOST:PORT that `nnactor node` says it listens on.
std::string listens_at(process& node);

/// Waits until a process that need not be ours has ended; false if it has not
/// within a generous time.
bool await_end(pid_t id);

/// A folder that goes with the object.
class scratch {
public:
  scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch();

  std::string operator/(const std::string& name) const;

private:
  std::string path_;
};

void write_file(const std::string& path, const std::string& text);
std::string read_file(const std::string& path);

/// The digest of all parameters and optimizer state of the newest generation;
/// the test fails if the model is damaged.
std::string content_of(const std::string& model);

/// An authority and one certificate of it, for all nodes and the driver: the
/// files NAME.pem, NAME.key and NAME-ca.pem.
void make_credentials(const scratch& folder, const std::string& name);

/// The options that name those files, which are in `where`.
std::vector<std::string> credentials(const std::string& where,
                                     const std::string& name);

/// A config that trains a small network on a small text in a second or two.
/// `more` is appended.
std::string small_config(const scratch& folder, const std::string& more = "");

} // namespace nnactor::test
