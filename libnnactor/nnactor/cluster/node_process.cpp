#include "nnactor/cluster/node_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstring>
#include <sstream>
#include <utility>

namespace nnactor {

namespace {

constexpr int start_timeout_ms = 20000;

// Between fork and exec of a program with threads, only what is safe in a
// signal handler may be called.
[[noreturn]] void become(char* const* arguments, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  execv(arguments[0], arguments);
  _exit(127);
}

// Reads the line that a node writes when it listens; empty if it ended or
// took too long.
std::string read_line(int fd) {
  std::string line;
  char c = 0;
  for (;;) {
    auto ready = pollfd{fd, POLLIN, 0};
    if (poll(&ready, 1, start_timeout_ms) <= 0 || read(fd, &c, 1) != 1)
      return {};
    if (c == '\n')
      return line;
    line += c;
  }
}

} // namespace

result<node_process>
node_process::start(const std::string& program,
                    const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(ec::internal, "cannot open a pipe: {}", strerror(errno));
  // Only the child's copy of the writing end may survive its exec.
  auto announce = dup(ends[1]);
  close(ends[1]);
  std::vector<std::string> words = {program,      "node",
                                    "--listen",   "127.0.0.1:0",
                                    "--announce", std::to_string(announce)};
  // Whatever the environment has: on loopback there is no TLS.
  for (auto* option : {"--certificate", "--key", "--authority"})
    words.insert(words.end(), {option, ""});
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  node_process result;
  auto parent = getpid();
  result.id_ = fork();
  if (result.id_ == 0)
    become(pointers.data(), parent);
  close(announce);
  auto port = result.id_ > 0 ? read_line(ends[0]) : std::string{};
  close(ends[0]);
  if (port.starts_with(refusal))
    return fail(ec::invalid_argument, "cannot start a node: {}",
                port.substr(refusal.size()));
  if (port.empty())
    return fail(ec::unreachable, "cannot start a node with {} node", program);
  std::istringstream ports{port};
  for (std::string one; ports >> one;)
    result.addresses_.push_back("127.0.0.1:" + one);
  return result;
}

node_process::node_process(node_process&& other) noexcept
    : id_(std::exchange(other.id_, 0)),
      addresses_(std::move(other.addresses_)) {
}

node_process& node_process::operator=(node_process&& other) noexcept {
  stop();
  id_ = std::exchange(other.id_, 0);
  addresses_ = std::move(other.addresses_);
  return *this;
}

node_process::~node_process() {
  stop();
}

// Nodes hold nothing that is not on the store.
void node_process::stop() noexcept {
  if (id_ <= 0)
    return;
  kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
  id_ = 0;
}

std::string this_program() {
  char path[PATH_MAX] = {};
  auto size = readlink("/proc/self/exe", path, sizeof(path) - 1);
  return size > 0 ? std::string{path, static_cast<size_t>(size)} : "nnactor";
}

} // namespace nnactor
