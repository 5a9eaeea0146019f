#pragma once

#include "nnactor/error.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace nnactor {

/// A node on this machine, in a process of its own that ends with ours, also
/// when ours is killed.
class node_process {
public:
  /// What the line begins with that says why a node cannot start, in place of
  /// its port.
  static constexpr std::string_view refusal = "!";

  /// Starts `program node --listen 127.0.0.1:0 ARGUMENTS...` and waits until
  /// it tells its port. Must be called from the main thread: the kernel ties
  /// the life of the child to that of the calling thread.
  static result<node_process> start(const std::string& program,
                                    const std::vector<std::string>& arguments);

  node_process(node_process&& other) noexcept;
  node_process& operator=(node_process&& other) noexcept;
  ~node_process();

  /// Of its first node, or its only one.
  const std::string& address() const {
    return addresses_.front();
  }

  const std::vector<std::string>& addresses() const {
    return addresses_;
  }

  pid_t id() const {
    return id_;
  }

private:
  node_process() = default;

  void stop() noexcept;

  pid_t id_ = 0;
  std::vector<std::string> addresses_;
};

/// Path of the running program.
std::string this_program();

} // namespace nnactor
