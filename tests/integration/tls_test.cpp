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

} // namespace

TEST_CASE("nodes with credentials serve those of the same authority only") {
  scratch folder;
  auto config = small_config(folder);
  make_credentials(folder, "good");
  make_credentials(folder, "bad");
  process node{command(
      with_credentials(folder, "good",
                       {"node", "--listen", "127.0.0.1:0", "--store",
                        folder / "models", "--state", folder / "state"}))};
  auto line = node.line_with("listening on ");
  auto begin = line.find("127.0.0.1:");
  auto address = line.substr(begin, line.find(',') - begin);
  auto run = std::vector<std::string>{
      "run",     config, "--set", "cluster.connect_timeout_ms=2000",
      "--nodes", address};
  auto end = run_nnactor(with_credentials(folder, "good", run));
  INFO(end.out << end.err);
  CHECK(end.status == 0);
  CHECK(run_nnactor(with_credentials(folder, "bad", run)).status == 2);
  CHECK(run_nnactor(run).status == 2);
  CHECK(run_nnactor(with_credentials(folder, "good", run)).status == 0);
  // Two of the three files are not enough.
  CHECK(run_nnactor({"node", "--listen", "127.0.0.1:0", "--certificate",
                     folder / "good.pem", "--key", folder / "good.key"})
            .status
        == 2);
}
