#include "support/process.hpp"

#include <doctest/doctest.h>

using namespace nnactor::test;

namespace {

std::vector<std::string> with_credentials(const scratch& folder,
                                          const std::string& name,
                                          std::vector<std::string> words) {
  auto more = credentials(folder / "", name);
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The words that start a node with the credentials "good".
std::vector<std::string> node_words(const scratch& folder) {
  return command(
      with_credentials(folder, "good",
                       {"node", "--listen", "127.0.0.1:0", "--store",
                        folder / "models", "--state", folder / "state"}));
}

std::string address_of(process& node) {
  auto line = node.line_with("listening on ");
  auto begin = line.find("127.0.0.1:");
  return line.substr(begin, line.find(',') - begin);
}

/// Connects and leaves again without having said anything of TLS.
void disturb(const std::string& address) {
  auto port = address.substr(address.rfind(':') + 1);
  auto end = process{{"/bin/bash", "-c",
                      "exec 3<>/dev/tcp/127.0.0.1/" + port
                          + "; echo who is there >&3; cat <&3"}}
                 .finish();
  REQUIRE(end.status >= 0);
}

} // namespace

TEST_CASE("nodes with credentials serve those of the same authority only") {
  scratch folder;
  auto config = small_config(folder);
  make_credentials(folder, "good");
  make_credentials(folder, "bad");
  process node{node_words(folder)};
  auto address = address_of(node);
  auto run = std::vector<std::string>{
      "run",     config, "--set", "cluster.connect_timeout_ms=2000",
      "--nodes", address};
  auto end = run_nnactor(with_credentials(folder, "good", run));
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  run.push_back("--overwrite");
  CHECK(run_nnactor(with_credentials(folder, "bad", run)).status == 2);
  CHECK(run_nnactor(run).status == 2);
  CHECK(run_nnactor(with_credentials(folder, "good", run)).status == 0);
  // Two of the three files are not enough.
  CHECK(run_nnactor({"node", "--listen", "127.0.0.1:0", "--certificate",
                     folder / "good.pem", "--key", folder / "good.key"})
            .status
        == 2);
}

TEST_CASE("whoever speaks no TLS disturbs nobody who does") {
  scratch folder;
  auto config = small_config(folder);
  make_credentials(folder, "good");
  process node{node_words(folder)};
  auto address = address_of(node);
  process run{
      command(with_credentials(folder, "good",
                               {"run", config, "--json", "--set",
                                "train.steps=400", "--nodes", address}))};
  for (int i = 0; i < 5; ++i) {
    run.line_with("\"committed\"");
    disturb(address);
  }
  auto end = run.finish();
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  CHECK((end.out + end.err).find("lost") == std::string::npos);
}
