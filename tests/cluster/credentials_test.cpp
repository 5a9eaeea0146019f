#include "nnactor/cluster/network_access.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

using namespace nnactor;

TEST_CASE("credentials are all three files, readable, or none") {
  auto path = std::string{"cluster_address_test.pem"};
  std::ofstream{path} << "-";
  CHECK(!check({}));
  CHECK(!check({path, path, path}));
  for (auto& some : {credentials{path, "", ""}, credentials{path, path, ""},
                     credentials{"", path, path}}) {
    auto err = check(some);
    CHECK(code_of(err) == ec::invalid_argument);
    CHECK(explain(err).find("all three") != std::string::npos);
  }
  auto missing = check({path, "no/such.pem", path});
  CHECK(explain(missing) == "cannot read the TLS file no/such.pem");
  std::remove(path.c_str());
}

TEST_CASE("nobody listens beyond loopback without TLS") {
  // Refused before anything is opened: the node need not even exist.
  for (auto* host : {"0.0.0.0", "::", "192.168.0.1", ""}) {
    auto port = publish(node_actor{}, {host, 0}, {});
    REQUIRE(!port);
    CHECK(code_of(port.error()) == ec::invalid_argument);
    CHECK(explain(port.error()).find("without TLS") != std::string::npos);
  }
}
