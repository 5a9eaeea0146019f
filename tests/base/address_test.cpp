#include "nnactor/address.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

std::string read(const std::string& text, port_zero zero = port_zero::refused) {
  auto out = parse_address(text, zero);
  return out ? fmt::format("{} {}", out->host, out->port) : "refused";
}

} // namespace

TEST_CASE("addresses are read as HOST:PORT") {
  CHECK(read("10.0.0.5:4700") == "10.0.0.5 4700");
  CHECK(read("node-7.example:1") == "node-7.example 1");
  CHECK(read("my_node:04700") == "my_node 4700");
  CHECK(read("[::1]:65535") == "::1 65535");
  CHECK(read("[FE80:0:0::1]:1") == "fe80::1 1");
  CHECK(read("Node-7.Example:1") == "node-7.example 1");
  for (auto* wrong : {"",
                      ":",
                      "host",
                      "host:",
                      ":80",
                      "host:x",
                      "host:80x",
                      "host:65536",
                      "host:-1",
                      "host: 80",
                      "host:+80",
                      "::1",
                      "::1:80",
                      "[]:80",
                      "[::1:80",
                      "[::1]",
                      "[::1]80",
                      "[::1]:",
                      "[host]:1",
                      " host:80",
                      "host :80",
                      "host:80 ",
                      "a b:80",
                      "host:0",
                      "[::1]:0",
                      "-host:80",
                      ".host:80",
                      "127.0.0.1:8:9",
                      "h/p:80",
                      "h\n:80",
                      "10.0.0:80",
                      "10.0.0.300:80",
                      "a,b:80",
                      "::1]:80",
                      "[1.2.3.4]:8",
                      "user@h:80",
                      "http://h:80",
                      "99999999999:1"})
    CHECK_MESSAGE(read(wrong) == "refused", wrong);
  CHECK(read(std::string(254, 'a') + ":80") == "refused");
}

TEST_CASE("port 0 is for those who listen") {
  CHECK(read("127.0.0.1:0", port_zero::any) == "127.0.0.1 0");
  CHECK(read("[::]:0", port_zero::any) == ":: 0");
  CHECK(read("host:", port_zero::any) == "refused");
}

TEST_CASE("a wrong address is told with what is wrong and right ones") {
  auto why = [](const char* text) {
    auto out = parse_address(text);
    REQUIRE(!out);
    CHECK(code_of(out.error()) == ec::invalid_argument);
    return explain(out.error());
  };
  CHECK(why("somewhere")
        == "'somewhere' is not an address: it has no port; write HOST:PORT, "
           "for example 10.0.0.5:4700 or [fd00::5]:4700");
  auto says = [&](const char* text, const char* what) {
    CHECK_MESSAGE(why(text).find(what) != std::string::npos, why(text));
  };
  says("", "is empty");
  says("::1", "IPv6 goes into brackets");
  says("::1:80", "IPv6 goes into brackets");
  says("[::1:80", "the bracket is not closed");
  says("[::1]", "has no port");
  says(":80", "has no host");
  says("h:0", "from 1 to 65535");
  says("h:65536", "from 1 to 65535");
  says("1.2.3.4:8:9", "'1.2.3.4:8' is not a host");
}

TEST_CASE("an address is written as it is read") {
  for (auto* text : {"10.0.0.5:4700", "node:1", "[::1]:65535"})
    CHECK(to_string(*parse_address(text)) == text);
  CHECK(to_string({"::", 0}) == "[::]:0");
}

TEST_CASE("loopback is what only this machine can reach") {
  for (auto* host : {"127.0.0.1", "127.255.0.9", "localhost", "::1"})
    CHECK(is_loopback(host));
  for (auto* host : {"0.0.0.0", "128.0.0.1", "10.0.0.1", "::", "", "node",
                     "127.0.0.1.example", "localhost.example"})
    CHECK(!is_loopback(host));
}
