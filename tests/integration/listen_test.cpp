#include "support/process.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>

using namespace nnactor::test;
using nlohmann::json;

namespace {

struct listening_node {
  listening_node(const scratch& folder, const std::string& where)
      : program(command({"node", "--listen", where, "--store",
                         folder / "models", "--state", folder / "state"})) {
    auto line = program.line_with("listening on ");
    auto begin = line.find("listening on ") + 13;
    address = line.substr(begin, line.find(',') - begin);
  }

  process program;
  std::string address;
};

/// Starts a run that waits before its first step and returns its address.
std::string control_of(process& run) {
  return json::parse(run.line_with("\"placed\"")).at("control");
}

std::vector<std::string> run_words(const scratch& folder,
                                   const std::vector<std::string>& more) {
  std::vector<std::string> out{"run", small_config(folder), "--json",
                               "--paused"};
  out.insert(out.end(), more.begin(), more.end());
  return command(out);
}

/// Whether this machine has had a connection to that port and has closed it
/// first, so that the kernel keeps it for a minute.
bool in_time_wait(const std::string& address) {
  auto port = std::stoul(address.substr(address.rfind(':') + 1));
  std::ifstream table{"/proc/net/tcp"};
  // Number, local and remote address, state.
  auto entry = fmt::format(":{:04X} ", port);
  for (std::string line; std::getline(table, line);)
    if (line.substr(14, 6) == entry && line.substr(34, 2) == "06")
      return true;
  return false;
}

} // namespace

TEST_CASE("a node listens again on the port that it has just left") {
  scratch folder;
  std::string address;
  {
    listening_node first{folder, "127.0.0.1:0"};
    address = first.address;
    auto port = address.substr(address.rfind(':') + 1);
    process guest{{"/bin/bash", "-c",
                   "exec 3<>/dev/tcp/127.0.0.1/" + port
                       + "; head -c 4 <&3 | wc -c; cat <&3 >/dev/null"}};
    guest.line_with("4");
    // So the node closes the connection first.
    first.program.send(SIGKILL);
    first.program.finish();
    guest.finish();
  }
  REQUIRE(in_time_wait(address));
  listening_node second{folder, address};
  CHECK(second.address == address);
  auto third = run_nnactor({"node", "--listen", address});
  CHECK(third.status == 2);
  CHECK(has(third.err, "cannot listen on " + address + ": the port is in use"));
}

TEST_CASE("a run opens its port for shells again") {
  scratch folder;
  std::string control;
  {
    process run{run_words(folder, {})};
    control = control_of(run);
    process shell{command({"shell", control})};
    shell.write("status\n");
    shell.line_with("paused");
    run.send(SIGKILL);
    run.finish();
  }
  REQUIRE(in_time_wait(control));
  auto at_same_port = [&](const std::string& model) {
    return run_words(folder, {"--set", "cluster.control=" + control, "--set",
                              "store.path=" + folder / model});
  };
  process again{at_same_port("models/second")};
  CHECK(control_of(again) == control);
  auto other = process{at_same_port("models/third")}.finish();
  CHECK(other.status == 2);
  CHECK(has(other.err, "cannot listen on " + control));
}

TEST_CASE("addresses of IPv6 go into brackets wherever they are shown") {
  if (std::ifstream{"/proc/net/if_inet6"}.peek() == EOF) {
    MESSAGE("there is no IPv6 here");
    return;
  }
  scratch folder;
  listening_node node{folder, "[::1]:0"};
  REQUIRE(node.address.starts_with("[::1]:"));
  process run{run_words(
      folder, {"--nodes", node.address, "--set", "cluster.control=[::1]:0"})};
  auto control = control_of(run);
  REQUIRE(control.starts_with("[::1]:"));
  auto nodes = run_nnactor({"shell", control, "-c", "nodes"});
  INFO(nodes.out << nodes.err);
  CHECK(nodes.status == 0);
  CHECK(has(nodes.out, node.address));
  auto nobody = run_nnactor({"status", "[::1]:1"});
  CHECK(nobody.status == 2);
  CHECK(has(nobody.err, "[::1]:1"));
}

TEST_CASE("what is no address is refused before anything is started") {
  scratch folder;
  auto config = small_config(folder);
  auto refuse = [&](const std::vector<std::string>& words,
                    const std::string& what) {
    auto end = run_nnactor(words);
    INFO(end.out << end.err);
    CHECK(end.status == 2);
    CHECK(has(end.err, what));
    CHECK(has(end.err, "HOST:PORT"));
    CHECK(end.err.find('\n') == end.err.size() - 1);
  };
  for (auto* wrong : {"::1", "127.0.0.1:80:90", "[::1", "[::1]", "127.0.0.1:0",
                      " a:1", "a:65536", "a:1,,b:2", "a:1,"}) {
    refuse({"run", config, "--check", "--nodes", wrong}, "--nodes");
    refuse({"infer", folder / "none", "--nodes", wrong}, "--nodes");
  }
  refuse({"run", config, "--check", "--set", "cluster.control=::1"},
         "cluster.control");
  refuse({"status", "127.0.0.1:0"}, "from 1 to 65535");
  refuse({"node", "--listen", "::1:0"}, "brackets");
}

TEST_CASE("a host that there is not is named, before TLS is asked for") {
  scratch folder;
  auto nowhere = std::string{"no-such-host.invalid"};
  auto refuse = [&](const std::vector<std::string>& words) {
    auto end = run_nnactor(words);
    INFO(end.err);
    CHECK(end.status == 2);
    CHECK(has(end.err, "'" + nowhere + "'"));
    CHECK(!has(end.err, "TLS"));
    CHECK(!has(end.err, "cannot_connect"));
  };
  refuse({"node", "--listen", nowhere + ":0"});
  refuse({"status", nowhere + ":4700"});
  refuse({"run", small_config(folder), "--check", "--set",
          "cluster.control=" + nowhere + ":0"});
  refuse({"run", small_config(folder), "--nodes", nowhere + ":4700", "--set",
          "cluster.connect_timeout_ms=300"});
}
