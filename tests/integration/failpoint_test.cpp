#include "support/process.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sstream>

using namespace nnactor::test;

namespace {

/// The names that the program itself lists.
std::vector<std::string> failpoints() {
  auto end = run_nnactor({"model", "failpoints"});
  REQUIRE(end.status == 0);
  std::istringstream lines{end.out};
  std::vector<std::string> names;
  std::string line;
  std::getline(lines, line); // The head of the table.
  while (std::getline(lines, line) && !line.empty()) {
    std::istringstream words{line};
    words >> names.emplace_back();
  }
  return names;
}

std::vector<std::string> words_of_two(const scratch& folder,
                                      const std::string& name) {
  return {"run",
          small_config(folder),
          "--json",
          "--set",
          "train.steps=60",
          "--set",
          "train.sample=0",
          "--set",
          "cluster.nodes=2",
          "--set",
          "store.path=" + folder / ("models/" + name)};
}

/// A run that ends at a failpoint, in its driver or on all nodes at once.
void die_at(const std::string& failpoint, const scratch& folder,
            const std::string& name) {
  auto line = command(words_of_two(folder, name));
  line.insert(line.begin(), {"/usr/bin/env", "NNACTOR_FAILPOINT=" + failpoint});
  process run{line};
  auto end = run.finish();
  CHECK((end.status == 128 + SIGKILL || end.status == 1));
}

} // namespace

TEST_CASE("whoever dies at any moment of a commit leaves a whole model") {
  scratch folder;
  REQUIRE(run_nnactor(words_of_two(folder, "quiet")).status == 0);
  auto expected = content_of(folder / "models/quiet");
  auto names = failpoints();
  CHECK(names.size() == 12);
  for (auto& name : names) {
    if (name == "epoch_claimed")
      continue; // Before there is a model.
    CAPTURE(name);
    // The first generation is there by then, the second perhaps.
    die_at(name + ":2", folder, name);
    auto model = folder / ("models/" + name);
    CHECK(run_nnactor({"model", "verify", model}).status == 0);
    auto again = words_of_two(folder, name);
    again.push_back("--resume");
    auto end = run_nnactor(again);
    INFO(end.err);
    CHECK(end.status == 0);
    CHECK(content_of(folder / ("models/" + name)) == expected);
  }
}

TEST_CASE("a run that died before it had a model begins anew") {
  scratch folder;
  die_at("epoch_claimed", folder, "model");
  CHECK(run_nnactor(words_of_two(folder, "model")).status == 0);
}

TEST_CASE("a misspelt failpoint is refused") {
  auto line = command({"model", "failpoints"});
  line.insert(line.begin(),
              {"/usr/bin/env", "NNACTOR_FAILPOINT=manifest_linkd"});
  process run{line};
  auto end = run.finish();
  CHECK(end.status == 2);
  CHECK(end.err.find("did you mean 'manifest_linked'?") != std::string::npos);
}
