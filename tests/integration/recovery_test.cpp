#include "support/process.hpp"

#include <doctest/doctest.h>

#include <boost/filesystem.hpp>
#include <csignal>
#include <memory>

using namespace nnactor::test;

namespace {

/// A run that takes long enough to be disturbed in.
std::vector<std::string> words(const scratch& folder, const std::string& name) {
  return {"run",
          small_config(folder),
          "--json",
          "--set",
          "train.steps=400",
          "--set",
          "store.path=" + folder / ("models/" + name)};
}

/// What a run leaves that nobody disturbs; it is the same for all.
std::string quiet_content() {
  static std::string content;
  if (!content.empty())
    return content;
  scratch folder;
  auto end = run_nnactor(words(folder, "quiet"));
  INFO(end.err);
  REQUIRE(end.status == 0);
  return content = content_of(folder / "models/quiet");
}

} // namespace

TEST_CASE("a killed and a frozen node change nothing in the model") {
  scratch folder;
  auto expected = quiet_content();
  process run{command(words(folder, "noisy"))};
  run.line_with("\"committed\"");
  auto nodes = children_of(run.id());
  REQUIRE(nodes.size() == 3);
  kill(nodes[1], SIGKILL);
  run.line_with("is lost; going back to step");
  run.line_with("its groups are on 2 nodes now");
  run.line_with("\"committed\"");
  kill(nodes[2], SIGSTOP);
  run.line_with("is lost; going back to step");
  run.line_with("its groups are on 1 node now");
  // The zombie wakes up while the run goes on without it.
  kill(nodes[2], SIGCONT);
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(folder / "models/noisy") == expected);
}

TEST_CASE("a node that was killed and is started again is taken back") {
  scratch folder;
  // Everything happens before the first step.
  auto few = [&](const std::string& name) {
    auto out = words(folder, name);
    out.insert(out.end(), {"--set", "train.steps=60"});
    return out;
  };
  auto quiet = few("quiet");
  quiet.insert(quiet.end(), {"--set", "cluster.nodes=2"});
  REQUIRE(run_nnactor(quiet).status == 0);
  auto node = [&](const std::string& where) {
    return command({"node", "--listen", where, "--store", folder / "models",
                    "--state", folder / "state"});
  };
  process first{node("127.0.0.1:0")};
  auto second = std::make_unique<process>(node("127.0.0.1:0"));
  auto address = listens_at(*second);
  auto all = few("noisy");
  all.insert(all.end(),
             {"--paused", "--nodes", listens_at(first) + "," + address});
  process run{command(all)};
  auto placed = run.line_with("\"placed\"");
  auto begin = placed.find("\"control\":\"") + 11;
  auto control = placed.substr(begin, placed.find('"', begin) - begin);
  auto shell = [&](const std::string& line) {
    return run_nnactor({"shell", control, "-c", line});
  };
  auto before = shell("groups").out;
  second.reset();
  run.line_with("node 2 (" + address + ") is lost");
  run.line_with("its groups are on 1 node now");
  CHECK(shell("leave 1").err.find("it is the only node") != std::string::npos);
  process again{node(address)};
  run.line_with("node 2 (" + address + ") is back: moved group");
  CHECK(shell("groups").out == before);
  CHECK(shell("resume").status == 0);
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(folder / "models/noisy")
        == content_of(folder / "models/quiet"));
}

TEST_CASE("a killed driver is resumed to the same bytes") {
  scratch folder;
  auto expected = quiet_content();
  {
    process run{command(words(folder, "noisy"))};
    run.line_with("\"committed\"");
    run.line_with("\"step\"");
    run.send(SIGKILL);
    CHECK(run.finish().status == 128 + SIGKILL);
  }
  auto again = words(folder, "noisy");
  again.push_back("--resume");
  auto end = run_nnactor(again);
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(folder / "models/noisy") == expected);
  // Nothing is left to do.
  auto more = run_nnactor(again);
  CHECK(more.status == 2);
  CHECK(more.err.find("has seen all 400 steps") != std::string::npos);
}

TEST_CASE("where all nodes are killed, the run says how to go on, and does") {
  scratch folder;
  auto expected = quiet_content();
  {
    process run{command(words(folder, "noisy"))};
    run.line_with("\"committed\"");
    for (auto id : children_of(run.id()))
      kill(id, SIGKILL);
    auto end = run.finish();
    CHECK(end.status == 1);
    CHECK(end.err.find("--resume") != std::string::npos);
  }
  auto again = words(folder, "noisy");
  again.push_back("--resume");
  auto end = run_nnactor(again);
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(folder / "models/noisy") == expected);
}

TEST_CASE("a damaged generation is passed over, by runs and by questions") {
  scratch folder;
  auto expected = quiet_content();
  auto first = words(folder, "noisy");
  first.insert(first.end(), {"--set", "train.steps=60"});
  REQUIRE(run_nnactor(first).status == 0);
  auto model = folder / "models/noisy";
  auto slices = boost::filesystem::directory_iterator{model + "/000003"};
  auto path = slices->path().string();
  auto bytes = read_file(path);
  bytes[0] ^= 1;
  write_file(path, bytes);
  auto answer = run_nnactor({"infer", model, "--limit", "1"});
  CHECK(answer.status == 0);
  CHECK(answer.err.find("generation 3 is damaged") != std::string::npos);
  auto again = words(folder, "noisy");
  again.push_back("--resume");
  auto end = run_nnactor(again);
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(end.out.find("generation 3 is damaged") != std::string::npos);
  CHECK(content_of(model) == expected);
}

TEST_CASE("what cannot be resumed says why") {
  scratch folder;
  auto again = words(folder, "model");
  again.push_back("--resume");
  auto none = run_nnactor(again);
  CHECK(none.status == 2);
  CHECK(none.err.find("models/model") != std::string::npos);
  auto first = words(folder, "model");
  first.insert(first.end(), {"--set", "train.steps=40"});
  REQUIRE(run_nnactor(first).status == 0);
  auto refused = [&](const std::string& change, const std::string& why) {
    auto other = again;
    other.insert(other.end(), {"--set", change});
    auto end = run_nnactor(other);
    CHECK(end.status == 2);
    INFO(end.err);
    CHECK(end.err.find(why) != std::string::npos);
  };
  refused("train.seed=7", "the order of examples");
  refused("train.optimizer=\"sgd\"", "the training");
  refused("distribute.parts=2", "the distribution of neurons");
  refused("data.context=5", "the network");
}
