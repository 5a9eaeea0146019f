#include "support/process.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace nnactor::test;
using nlohmann::json;

namespace {

/// A run that waits for a shell before its first step.
struct paused_run {
  explicit paused_run(const scratch& folder,
                      const std::vector<std::string>& more = {})
      : program(command(words(folder, more))) {
    placed = json::parse(program.line_with("\"placed\""));
    control = placed.at("control");
  }

  static std::vector<std::string> words(const scratch& folder,
                                        const std::vector<std::string>& more) {
    std::vector<std::string> out{"run", small_config(folder), "--json",
                                 "--paused"};
    for (auto& x : more) {
      out.push_back("--set");
      out.push_back(x);
    }
    return out;
  }

  outcome shell(const std::vector<std::string>& commands) const {
    std::vector<std::string> out{"shell", control};
    for (auto& x : commands) {
      out.push_back("-c");
      out.push_back(x);
    }
    return run_nnactor(out);
  }

  json ask(const std::string& what) const {
    auto end = run_nnactor({"shell", control, "--json", "-c", what});
    INFO(end.err);
    REQUIRE(end.status == 0);
    return json::parse(end.out);
  }

  process program;
  json placed;
  std::string control;
};

std::string undisturbed(const scratch& folder) {
  auto model = folder / "models/still";
  REQUIRE(
      run_nnactor({"run", small_config(folder), "--set", "store.path=" + model})
          .status
      == 0);
  return content_of(model);
}

} // namespace

TEST_CASE("a shell looks into a run and moves its groups, bytes unchanged") {
  scratch folder;
  auto expected = undisturbed(folder);
  paused_run run{folder};
  auto status = run.ask("status");
  CHECK(status["state"] == "paused");
  CHECK(status["step"] == 0);
  CHECK(status["steps"] == 40);
  CHECK(run.ask("nodes")["nodes"].size() == 3);
  CHECK(run.ask("neuron 9")["incoming_total"] == 56);
  auto end = run.shell({"move group 4 to 1", "move group 2 to 3", "leave 2",
                        "nodes", "groups", "layers", "neuron 9"});
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  CHECK(has(end.out, "moved group 4 from node 3"));
  CHECK(run.ask("nodes")["nodes"].size() == 2);
  CHECK(run.shell({"resume"}).status == 0);
  auto done = run.program.finish();
  INFO(done.err);
  CHECK(done.status == 0);
  CHECK(has(done.out, "\"notice\""));
  CHECK(content_of(folder / "models/song") == expected);
}

TEST_CASE("a node by hand joins a run, which is also reached through it") {
  scratch folder;
  auto expected = undisturbed(folder);
  process node{command({"node", "--listen", "127.0.0.1:0", "--store",
                        folder / "models", "--state", folder / "extra"})};
  auto address = listens_at(node);
  paused_run run{folder};
  auto idle = run_nnactor({"status", address});
  CHECK(idle.status == 1);
  CHECK(has(idle.err, "no job"));
  CHECK(run.ask("join " + address)["step"] == 0);
  run.ask("move group 5 to 4");
  auto through = run_nnactor({"status", address});
  INFO(through.err);
  CHECK(through.status == 0);
  CHECK(has(through.out, "paused"));
  run.ask("resume");
  CHECK(run.program.finish().status == 0);
  CHECK(content_of(folder / "models/song") == expected);
}

TEST_CASE("a shell's script ends at the first thing that fails") {
  scratch folder;
  paused_run run{folder};
  auto script = [&](const std::string& lines) {
    auto shell = command({"shell", run.control}).front();
    process x{{"/bin/sh", "-c",
               "printf '" + lines + "' | " + shell + " shell " + run.control}};
    return x.finish();
  };
  auto good = script("# a comment\\n\\nstatus\\nquit\\nfly\\n");
  INFO(good.out << good.err);
  CHECK(good.status == 0);
  CHECK(has(good.out, "paused"));
  auto unknown = script("nodes\\nfly\\nstatus\\n");
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "no command 'fly'"));
  CHECK(!has(unknown.out, "paused"));
  auto refused = script("move group 4 to 9\\nstatus\\n");
  CHECK(refused.status == 1);
  CHECK(has(refused.err, "no node 9"));
  CHECK(!has(refused.out, "paused"));
  CHECK(run.shell({"status", "neurons 5"}).status == 2);
}

TEST_CASE("a shell without a run says so in one line") {
  auto end = run_nnactor({"shell", "127.0.0.1:1", "-c", "status"});
  CHECK(end.status == 2);
  CHECK(has(end.err, "cannot reach a run at 127.0.0.1:1"));
  CHECK(end.err.find('\n') == end.err.size() - 1);
  CHECK(run_nnactor({"shell", "nowhere", "-c", "status"}).status == 2);
}

TEST_CASE("kill-node ends a node as a crash would, and the run goes on") {
  scratch folder;
  paused_run run{folder};
  CHECK(run.shell({"kill-node 2"}).status == 0);
  run.program.line_with("is lost; going back to step 0");
  run.program.line_with("its groups are on 2 nodes now");
  auto nodes = run.ask("nodes").at("nodes");
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[1]["node"] == 3);
  // What it had is not another's now.
  auto again = run.shell({"kill-node 2"});
  CHECK(again.status == 1);
  CHECK(has(again.err, "node 2 (127.0.0.1:"));
  CHECK(has(again.err, "was lost at step 0"));
  auto third = nodes[1]["address"].get<std::string>();
  auto table = run_nnactor({"node", "table", run.placed["nodes"][2]["table"]});
  CHECK(table.out.starts_with("node 3 (" + third + ")"));
  CHECK(has(run.shell({"move group 3 to " + third, "leave 1"}).out,
            "from node 1 (127.0.0.1:"));
  auto status = run.shell({"status"});
  CHECK(has(status.out, "is lost; going back to step 0"));
  CHECK(run.shell({"resume"}).status == 0);
  CHECK(run.program.finish().status == 0);
}
