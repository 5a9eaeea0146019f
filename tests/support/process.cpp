#include "support/process.hpp"

#include "support/certificates.hpp"

#include <boost/filesystem.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace nnactor::test {

namespace {

// Longer than anything here takes, so that a hang ends as a failure.
constexpr int patience_ms = 120000;

std::string read_all(int fd) {
  std::string all;
  char chunk[4096];
  for (;;) {
    auto ready = pollfd{fd, POLLIN, 0};
    if (poll(&ready, 1, patience_ms) <= 0)
      return all + "[no more output within the time]";
    auto got = read(fd, chunk, sizeof(chunk));
    if (got <= 0)
      return all;
    all.append(chunk, static_cast<size_t>(got));
  }
}

} // namespace

process::process(const std::vector<std::string>& words) {
  int in[2];
  int out[2];
  int err[2];
  REQUIRE(pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  REQUIRE(pipe2(err, O_CLOEXEC) == 0);
  std::vector<char*> pointers;
  for (auto& word : words)
    pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  id_ = fork();
  REQUIRE(id_ >= 0);
  if (id_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
}

process::~process() {
  if (id_ > 0) {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  close(in_);
  close(out_);
  close(err_);
}

bool process::fill() {
  char chunk[4096];
  auto ready = pollfd{out_, POLLIN, 0};
  if (poll(&ready, 1, patience_ms) <= 0)
    return false;
  auto got = read(out_, chunk, sizeof(chunk));
  if (got <= 0)
    return false;
  buffered_.append(chunk, static_cast<size_t>(got));
  return true;
}

std::optional<std::string> process::line() {
  for (;;) {
    auto end = buffered_.find('\n');
    if (end != std::string::npos) {
      auto result = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return result;
    }
    if (!fill())
      return std::nullopt;
  }
}

std::string process::line_with(const std::string& what) {
  std::string seen;
  while (auto next = line()) {
    if (next->find(what) != std::string::npos)
      return *next;
    seen += *next + "\n";
  }
  send(SIGKILL); // It may be silent and go on.
  FAIL("no line with '" << what << "' in:\n"
                        << seen << "errors: " << read_all(err_));
  return {};
}

void process::write(const std::string& text) {
  REQUIRE(::write(in_, text.data(), text.size()) == std::ssize(text));
}

void process::send(int signal) {
  kill(id_, signal);
}

outcome process::finish() {
  outcome result;
  result.out = std::exchange(buffered_, {}) + read_all(out_);
  result.err = read_all(err_);
  int status = 0;
  waitpid(id_, &status, 0);
  id_ = 0;
  result.status =
      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::vector<std::string> command(const std::vector<std::string>& words) {
  std::vector<std::string> all{NNACTOR_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

outcome run_nnactor(const std::vector<std::string>& words) {
  return process{command(words)}.finish();
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> result;
  auto path = fmt::format("/proc/{}/task/{}/children", parent, parent);
  std::ifstream in{path};
  for (pid_t id = 0; in >> id;)
    result.push_back(id);
  return result;
}

std::string listens_at(process& node) {
  auto line = node.line_with("listening on ");
  auto begin = line.find("listening on ") + 13;
  return line.substr(begin, line.find(',', begin) - begin);
}

bool await_end(pid_t id) {
  auto handle = static_cast<int>(syscall(SYS_pidfd_open, id, 0));
  if (handle < 0)
    return true;
  auto ended = pollfd{handle, POLLIN, 0};
  auto result = poll(&ended, 1, patience_ms) == 1;
  close(handle);
  return result;
}

scratch::scratch()
    : path_((boost::filesystem::temp_directory_path()
             / boost::filesystem::unique_path("nnactor-test-%%%%%%%%"))
                .string()) {
  boost::filesystem::create_directories(path_);
}

scratch::~scratch() {
  boost::system::error_code ignored;
  boost::filesystem::remove_all(path_, ignored);
}

std::string scratch::operator/(const std::string& name) const {
  return path_ + "/" + name;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string content_of(const std::string& model) {
  auto end = run_nnactor(
      {"model", "verify", model, "--generation", "newest", "--json"});
  REQUIRE(end.status == 0);
  auto all = nlohmann::json::parse(end.out);
  return all.at("generations").at(0).at("content");
}

void make_credentials(const scratch& folder, const std::string& name) {
  make_authority(folder / (name + "-ca"));
  make_certificate(folder / name, folder / (name + "-ca"));
}

std::vector<std::string> credentials(const std::string& where,
                                     const std::string& name) {
  auto file = where + "/" + name;
  return {"--certificate", file + ".pem", "--key",
          file + ".key",   "--authority", file + "-ca.pem"};
}

std::string small_config(const scratch& folder, const std::string& more) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += fmt::format("{} bottles of beer on the wall, take {} down\n",
                        200 - i, i % 7);
  write_file(folder / "song.txt", text);
  write_file(folder / "small.toml",
             fmt::format(R"([data]
path = "{}"
context = 8

[[network.layers]]
name = "characters"
kind = "embedding"
units = 7
[[network.layers]]
name = "hidden"
kind = "dense"
units = 31
activation = "gelu"
[[network.layers]]
name = "next"
kind = "dense"
units = "classes"

[train]
steps = 40
batch = 32
micro_batches = 4
window = 4
evaluate_every = 20
rate = 0.01
sample = 20

[store]
path = "{}"

{})",
                         folder / "song.txt", folder / "models/song", more));
  return folder / "small.toml";
}

} // namespace nnactor::test
