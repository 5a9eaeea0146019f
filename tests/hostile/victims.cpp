#include "victims.hpp"

#include <boost/filesystem.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>

namespace nnactor::test {

namespace {

uint16_t port_of(const std::string& address) {
  return static_cast<uint16_t>(
      std::stoi(address.substr(address.rfind(':') + 1)));
}

} // namespace

uint64_t peak_memory(pid_t process) {
  std::ifstream in{fmt::format("/proc/{}/status", process)};
  for (std::string word; in >> word;)
    if (uint64_t kilobytes = 0; word == "VmHWM:" && in >> kilobytes)
      return kilobytes << 10;
  FAIL("process " << process << " is gone");
  return 0;
}

size_t open_files(pid_t process) {
  auto all = boost::filesystem::directory_iterator{
      fmt::format("/proc/{}/fd", process)};
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

victims::victims(victim_settings how) : how_(how) {
  if (how.tls) {
    make_credentials(folder_, "good");
    identity_.emplace(folder_ / "", "good");
  }
  node_.emplace(node_words());
  auto line = node_->line_with("listening on ");
  node_port_ = port_of(line.substr(0, line.find(',')));
  auto config = small_config(folder_);
  run_.emplace(
      command(with_credentials({"run", config, "--json", "--paused", "--nodes",
                                fmt::format("127.0.0.1:{}", node_port_),
                                "--set", "cluster.lease_ms=20000", "--set",
                                fmt::format("train.steps={}", how.steps)})));
  auto placed = nlohmann::json::parse(run_->line_with("\"placed\""));
  control_port_ = port_of(placed.at("control"));
}

std::vector<std::string> victims::node_words() {
  auto words = command(with_credentials(
      {"node", "--listen", "127.0.0.1:0", "--lease-ms", "20000", "--store",
       folder_ / "models", "--state", folder_ / "state"}));
  if (how_.files == 0)
    return words;
  std::vector<std::string> out{
      "/bin/sh", "-c",
      fmt::format("ulimit -n {}; exec \"$0\" \"$@\"", how_.files)};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

std::vector<std::string>
victims::with_credentials(std::vector<std::string> words) {
  if (how_.tls) {
    auto more = credentials(folder_ / "", "good");
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

void victims::tell(const std::string& command) {
  auto end = run_nnactor(with_credentials(
      {"shell", fmt::format("127.0.0.1:{}", control_port_), "-c", command}));
  if (end.status != 0)
    run_->send(SIGKILL);
  INFO(end.err << (end.status == 0 ? "" : run_->finish().err));
  REQUIRE(end.status == 0);
}

std::string victims::finish() {
  auto end = run_->finish();
  INFO(end.out << end.err);
  REQUIRE(end.status == 0);
  CHECK(end.out.find("lost") == std::string::npos);
  return content_of(folder_ / "models/song");
}

std::string victims::undisturbed() {
  auto model = folder_ / "models/still";
  auto end = run_nnactor(with_credentials(
      {"run", folder_ / "small.toml", "--nodes",
       fmt::format("127.0.0.1:{}", node_port_), "--set", "store.path=" + model,
       "--set", fmt::format("train.steps={}", how_.steps)}));
  INFO(end.out << end.err);
  REQUIRE(end.status == 0);
  return content_of(model);
}

} // namespace nnactor::test
