#include "integration/process.hpp"

#include <doctest/doctest.h>

using namespace nnactor::test;

namespace {

void openssl(const std::string& arguments) {
  auto end = process{{"/bin/sh", "-c", "exec openssl " + arguments}}.finish();
  INFO(end.err);
  REQUIRE(end.status == 0);
}

// An authority and one certificate of it, all nodes' and the driver's.
void make_credentials(const scratch& folder, const std::string& name) {
  auto ca = folder / (name + "-ca");
  auto own = folder / name;
  openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name
          + "-authority -keyout " + ca + ".key -out " + ca + ".pem");
  openssl("req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout " + own
          + ".key -out " + own + ".csr");
  openssl("x509 -req -days 2 -in " + own + ".csr -CA " + ca + ".pem -CAkey "
          + ca + ".key -CAcreateserial -out " + own + ".pem");
}

std::vector<std::string> with_credentials(const scratch& folder,
                                          const std::string& name,
                                          std::vector<std::string> words) {
  for (auto& word : {std::string{"--certificate"}, folder / (name + ".pem"),
                     std::string{"--key"}, folder / (name + ".key"),
                     std::string{"--authority"}, folder / (name + "-ca.pem")})
    words.push_back(word);
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
