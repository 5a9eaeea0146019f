#pragma once

#include "support/process.hpp"

#include <csignal>
#include <memory>

namespace nnactor::test {

/// An NFS server in a process of its own that exports FOLDER/export.
class nfs_server {
public:
  explicit nfs_server(const std::string& folder);

  void start();

  /// Ends it at once, as a machine that fails.
  void stop();

private:
  std::string folder_;
  std::unique_ptr<process> ganesha_;
};

/// A virtual machine with the store mounted at /store and /share as its files.
class guest {
public:
  /// Boots from FOLDER/kernel and FOLDER/initramfs; `number` is 11 or 12.
  guest(const std::string& folder, int number);

  /// Waits until it takes commands.
  void await_boot();

  /// Runs a line of its shell to the end; the output, or the test fails.
  std::string run(const std::string& line);

  /// Gives its shell a line that ends by itself or leaves something behind.
  void start(const std::string& line);

  /// Starts a line of its shell beside others; `status` waits for its end.
  void begin(const std::string& line);

  /// The exit status of what was begun last.
  int status();

  /// Waits for a line of output of what was started.
  std::string line_with(const std::string& what) {
    return machine_.line_with(what);
  }

  void freeze() {
    machine_.send(SIGSTOP);
  }

  void thaw() {
    machine_.send(SIGCONT);
  }

  /// Waits until it has powered itself off.
  void await_power_off() {
    machine_.finish();
  }

  const std::string& address() const {
    return address_;
  }

private:
  std::string address_;
  process machine_;
};

} // namespace nnactor::test
