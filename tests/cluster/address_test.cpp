#include "nnactor/cluster/network_access.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>

using namespace nnactor;

TEST_CASE("addresses are read as HOST:PORT") {
  auto read = [](const char* text) {
    auto out = parse_address(text);
    return out ? fmt::format("{} {}", out->host, out->port) : "refused";
  };
  CHECK(read("10.0.0.5:4700") == "10.0.0.5 4700");
  CHECK(read("node-7.example:1") == "node-7.example 1");
  CHECK(read("127.0.0.1:0") == "127.0.0.1 0");
  CHECK(read("[::1]:65535") == "::1 65535");
  for (auto* wrong :
       {"", ":", "host", "host:", ":80", "host:x", "host:80x", "host:65536",
        "host:-1", "host: 80", "::1:80", "[]:80", "[::1:80"})
    CHECK(read(wrong) == "refused");
}

TEST_CASE("a wrong address is told with an example of a right one") {
  auto wrong = parse_address("somewhere");
  REQUIRE(!wrong);
  CHECK(code_of(wrong.error()) == ec::invalid_argument);
  CHECK(explain(wrong.error())
        == "'somewhere' is not an address; write HOST:PORT, for example "
           "10.0.0.5:4700");
}

TEST_CASE("loopback is what only this machine can reach") {
  for (auto* host : {"127.0.0.1", "127.255.0.9", "localhost", "::1"})
    CHECK(is_loopback(host));
  for (auto* host : {"0.0.0.0", "128.0.0.1", "10.0.0.1", "::", "", "node",
                     "127.0.0.1.example", "localhost.example"})
    CHECK(!is_loopback(host));
}

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
