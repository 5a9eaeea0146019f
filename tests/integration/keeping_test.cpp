#include "support/process.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <boost/filesystem.hpp>
#include <csignal>

using namespace nnactor::test;

namespace {

namespace fs = boost::filesystem;

std::vector<std::string> run_of(const scratch& folder,
                                const std::vector<std::string>& more = {}) {
  std::vector<std::string> out{"run", small_config(folder)};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// Refused in one line that says all of `words`, with what is there unchanged.
void refuse(const std::vector<std::string>& line,
            const std::vector<std::string>& words) {
  auto end = run_nnactor(line);
  INFO(end.out << end.err);
  CHECK(end.status == 2);
  CHECK(end.err.find('\n') == end.err.size() - 1);
  for (auto& word : words)
    CHECK_MESSAGE(has(end.err, word), word);
}

/// Names and bytes of all files below a folder.
std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (auto& x : fs::recursive_directory_iterator{folder})
    if (fs::is_regular_file(x.path()))
      out.emplace(x.path().string(), read_file(x.path().string()));
  return out;
}

const std::vector<std::string> ways_on{"--resume",
                                       "store.path=", "--overwrite"};

} // namespace

TEST_CASE("no run takes the place of a model without being told to") {
  scratch folder;
  auto model = folder / "models/song";
  REQUIRE(run_nnactor(run_of(folder)).status == 0);
  auto before = files_of(model);
  auto content = content_of(model);
  refuse(run_of(folder), ways_on);
  refuse(run_of(folder), {model, "holds a model", "generation 2", "step 40",
                          "validation loss ", "saved 20"});
  CHECK(files_of(model) == before);
  auto check = run_nnactor(run_of(folder, {"--check"}));
  CHECK(check.status == 0);
  CHECK(has(check.out, "holds a model"));
  // A new run of the same experiment ends with the same bytes.
  auto again = run_nnactor(run_of(folder, {"--overwrite"}));
  INFO(again.err);
  CHECK(again.status == 0);
  CHECK(content_of(model) == content);
  refuse(run_of(folder, {"--overwrite", "--resume"}), {"--overwrite"});
}

TEST_CASE("a model that is to be replaced stays until there is another") {
  scratch folder;
  REQUIRE(run_nnactor(run_of(folder)).status == 0);
  auto content = content_of(folder / "models/song");
  process run{command(run_of(folder, {"--overwrite", "--paused", "--json"}))};
  run.line_with("\"placed\"");
  run.send(SIGKILL);
  run.finish();
  CHECK(content_of(folder / "models/song") == content);
}

TEST_CASE("a model that a run trains belongs to it") {
  scratch folder;
  auto model = folder / "models/song";
  process run{
      command(run_of(folder, {"--json", "--set", "train.steps=1000000"}))};
  run.line_with("\"committed\"");
  auto process = "process " + std::to_string(run.id());
  for (auto* use : {"--json", "--resume", "--overwrite"})
    refuse(run_of(folder, {use}),
           {model, "alive", process, "--resume", "--overwrite", "store.path="});
  refuse({"model", "import", model, "--safetensors", folder / "none"},
         {"none"});
  run.send(SIGKILL);
  run.finish();
  // It is known at once to be dead.
  refuse(run_of(folder), ways_on);
}

TEST_CASE("a file that a command would replace is refused before any work") {
  scratch folder;
  REQUIRE(run_nnactor(run_of(folder)).status == 0);
  write_file(folder / "mine", "precious");
  auto model = folder / "models/song";
  refuse({"infer", model, "--output", folder / "mine"},
         {"is there already", "--overwrite"});
  refuse({"infer", model, "--output", folder / "none/at/all"},
         {"cannot be written"});
  refuse({"model", "export", model, "--safetensors", folder / "mine"},
         {"is there already", "--overwrite"});
  refuse({"bench", "residency", "--csv", folder / "mine"},
         {"is there already", "--overwrite"});
  refuse({"bench", "step", "--trace", folder / "mine"},
         {"is there already", "--overwrite"});
  CHECK(read_file(folder / "mine") == "precious");
  auto told =
      run_nnactor({"infer", model, "--output", folder / "mine", "--overwrite"});
  INFO(told.err);
  CHECK(told.status == 0);
  CHECK(read_file(folder / "mine").size() > 1000);
  for (auto& x : fs::directory_iterator{folder / ""})
    CHECK(!has(x.path().string(), ".part"));
}

TEST_CASE("a folder that is taken away while it is trained in is noticed") {
  scratch folder;
  process run{
      command(run_of(folder, {"--json", "--set", "train.steps=1000000"}))};
  run.line_with("\"committed\"");
  fs::rename(folder / "models/song", folder / "models/taken");
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 1);
  CHECK(has(end.err, "models/song"));
  CHECK(has(end.err, "removed or replaced"));
  CHECK(run_nnactor({"model", "verify", folder / "models/taken"}).status == 0);
}

TEST_CASE("a store that nodes do not share is noticed before it is claimed") {
  scratch folder;
  scratch elsewhere;
  process node{command({"node", "--listen", "127.0.0.1:0", "--store",
                        elsewhere / "models", "--state", elsewhere / "state"})};
  auto line = node.line_with("listening on ");
  auto begin = line.find("127.0.0.1:");
  auto address = line.substr(begin, line.find(',') - begin);
  refuse(run_of(folder, {"--nodes", address}),
         {"store.path", folder / "models/song", address, "--store",
          elsewhere / "models"});
  CHECK(!fs::exists(folder / "models/song"));
}
