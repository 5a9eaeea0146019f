#include "support/process.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

using namespace nnactor::test;

namespace {

void run_tool(const std::string& line) {
  auto end = process{{"/bin/sh", "-c", line}}.finish();
  INFO(line << ": " << end.err);
  REQUIRE(end.status == 0);
}

/// A machine with a node; the script `in-namespaces` made its network.
class machine {
public:
  machine(const scratch& folder, int number)
      : number_(number), node_(words(folder, number)) {
    auto line = node_.line_with("listening on ");
    auto begin = line.find(address());
    address_ = line.substr(begin, line.find(',') - begin);
  }

  ~machine() {
    heal();
    run_tool(inside() + "tc qdisc del dev eth0 root 2>/dev/null; tc qdisc del "
             + fmt::format("dev link{} root 2>/dev/null; true", number_));
  }

  std::string address() const {
    return address_.empty() ? fmt::format("10.78.0.{}", number_) : address_;
  }

  /// What `from` sends does not arrive here any more.
  void deafen(const machine& from) {
    drop(fmt::format("input ip saddr 10.78.0.{}", from.number_));
  }

  /// Nothing arrives here nor leaves any more.
  void cut_off() {
    drop("input iif eth0");
    drop("output oif eth0");
  }

  void heal() {
    run_tool(inside() + "nft flush ruleset");
  }

  /// Lets 10 Mbit/s through, in each direction.
  void slow_down() {
    auto limit = "root tbf rate 10mbit burst 32kb latency 400ms";
    run_tool(inside() + fmt::format("tc qdisc add dev eth0 {}", limit));
    run_tool(fmt::format("tc qdisc add dev link{} {}", number_, limit));
  }

private:
  std::string inside() const {
    return fmt::format("ip netns exec node{} ", number_);
  }

  void drop(const std::string& what) {
    run_tool(inside() + "nft add table inet cut");
    for (auto hook : {"input", "output"})
      run_tool(inside()
               + fmt::format("nft 'add chain inet cut {0} {{ type filter hook "
                             "{0} priority 0; }}'",
                             hook));
    run_tool(inside() + "nft add rule inet cut " + what + " drop");
  }

  static std::vector<std::string> words(const scratch& folder, int number) {
    std::vector<std::string> all{"/usr/bin/env",
                                 "ip",
                                 "netns",
                                 "exec",
                                 fmt::format("node{}", number),
                                 NNACTOR_PROGRAM,
                                 "node",
                                 "--listen",
                                 fmt::format("10.78.0.{}:0", number),
                                 "--store",
                                 folder / "models",
                                 "--state",
                                 folder / fmt::format("state{}", number)};
    auto more = credentials(folder / "", "node");
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  int number_;
  process node_;
  std::string address_;
};

/// Three machines and the way to train on them.
struct machines {
  scratch folder;
  std::string config = small_config(folder);
  std::vector<std::unique_ptr<machine>> all;

  machines() {
    make_credentials(folder, "node");
    for (auto number : {11, 12, 13})
      all.push_back(std::make_unique<machine>(folder, number));
  }

  machine& operator[](size_t i) {
    return *all[i];
  }

  /// @param command `run` or `plan`
  std::vector<std::string>
  job(const std::string& command, const std::string& model,
      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> addresses;
    for (auto& x : all)
      addresses.push_back(x->address());
    auto words =
        std::vector<std::string>{command,
                                 config,
                                 "--json",
                                 "--nodes",
                                 fmt::format("{}", fmt::join(addresses, ",")),
                                 "--set",
                                 "store.path=" + folder / ("models/" + model),
                                 "--set",
                                 "train.sample=0"};
    auto who = credentials(folder / "", "node");
    words.insert(words.end(), who.begin(), who.end());
    for (auto& x : more)
      words.insert(words.end(), {"--set", x});
    return words;
  }

  std::vector<std::string>
  run(const std::string& model,
      const std::vector<std::string>& more = {}) const {
    return job("run", model, more);
  }

  /// Long enough to be disturbed in.
  std::vector<std::string> long_run(const std::string& model,
                                    int steps = 400) const {
    return run(model, {fmt::format("train.steps={}", steps)});
  }

  /// What a run leaves that nobody disturbs; it is the same for all.
  std::string quiet_content(int steps = 400) const {
    static std::map<int, std::string> contents;
    auto& content = contents[steps];
    if (!content.empty())
      return content;
    auto end = run_nnactor(long_run("quiet", steps));
    INFO(end.err);
    REQUIRE(end.status == 0);
    return content = content_of(folder / "models/quiet");
  }
};

/// How long the run on slow links trains at least; longer by hand.
std::chrono::seconds seconds_of_load() {
  auto text = std::getenv("NNACTOR_LOAD_SECONDS");
  return std::chrono::seconds{text ? std::stoi(text) : 20};
}

} // namespace

TEST_CASE("a node that is cut off changes nothing in the model") {
  machines x;
  auto expected = x.quiet_content();
  process run{command(x.long_run("noisy"))};
  run.line_with("\"committed\"");
  x[1].cut_off();
  run.line_with("is lost; going back to step");
  run.line_with("its groups are on 2 nodes now");
  x[1].heal();
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(x.folder / "models/noisy") == expected);
}

TEST_CASE("a link that is cut in one direction changes nothing in the model") {
  machines x;
  auto expected = x.quiet_content();
  process run{command(x.long_run("noisy"))};
  run.line_with("\"committed\"");
  // Both reach the driver all the time.
  x[1].deafen(x[2]);
  run.line_with("is lost; going back to step");
  run.line_with("its groups are on ");
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(x.folder / "models/noisy") == expected);
}

TEST_CASE("a link that comes and goes changes nothing in the model") {
  // More of them, since they go on while it comes and goes.
  constexpr int steps = 1000;
  machines x;
  auto expected = x.quiet_content(steps);
  process run{command(x.long_run("noisy", steps))};
  run.line_with("\"committed\"");
  // Shorter than a lease, then longer: whoever is lost or not, it ends well.
  for (auto ms : {300, 1000, 3000, 300}) {
    x[1].deafen(x[2]);
    std::this_thread::sleep_for(std::chrono::milliseconds{ms});
    x[1].heal();
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
  }
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(x.folder / "models/noisy") == expected);
}

TEST_CASE("plans know how slow links are") {
  machines x;
  for (auto& each : x.all)
    each->slow_down();
  auto end = run_nnactor(x.job("plan", "planned"));
  INFO(end.err);
  REQUIRE(end.status == 0);
  auto links = nlohmann::json::parse(end.out)["plans"]["links"];
  // What 10 Mbit/s let through, and the buffer before them.
  CHECK(links["between"]["bytes_per_s"] < 3e6);
  CHECK(links["between"]["bytes_per_s"] < links["inside"]["bytes_per_s"]);
  CHECK(links["between"]["seconds"] > links["inside"]["seconds"]);
}

TEST_CASE("nobody is taken for lost on slow links under full load") {
  machines x;
  for (auto& each : x.all)
    each->slow_down();
  // Tensors of 2 MiB, so that pieces of all sizes wait for each other.
  process run{command(x.run(
      "slow",
      {"train.steps=1000000", "train.batch=1024", "train.micro_batches=2",
       "train.window=2", "train.evaluate_every=10", "data.validation=0.02",
       "cluster.step_timeout_ms=120000",
       R"(network.layers=[{kind="embedding", units=8}, {kind="dense", units=1024, activation="relu"}, {kind="dense", units=1024, activation="relu"}, {kind="dense", units="classes"}])"}))};
  auto end = std::chrono::steady_clock::now() + seconds_of_load();
  std::string last;
  while (std::chrono::steady_clock::now() < end) {
    auto next = run.line();
    REQUIRE(next);
    last = *next;
    REQUIRE_MESSAGE(last.find("lost") == std::string::npos, last);
  }
  MESSAGE(last);
}
