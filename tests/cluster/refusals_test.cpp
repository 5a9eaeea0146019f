#include "nnactor/cluster/refusals.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

constexpr auto start = refusal_log::time_point{};

} // namespace

TEST_CASE("the same refusal is told once in a while") {
  refusal_log log;
  auto at = [&](int seconds, uint16_t port, const char* why) {
    return log
        .add({"10.0.0.5", port}, why, start + std::chrono::seconds{seconds})
        .value_or("nothing");
  };
  CHECK(at(0, 7, "no TLS") == "refused a connection from 10.0.0.5:7: no TLS");
  CHECK(at(1, 8, "no TLS") == "nothing");
  CHECK(at(1, 8, "expired") == "refused a connection from 10.0.0.5:8: expired");
  CHECK(at(9, 9, "no TLS") == "nothing");
  CHECK(at(10, 9, "no TLS") == "refused a connection from 10.0.0.5:9: no TLS");
}

TEST_CASE("a crowd does not fill the log") {
  refusal_log log;
  size_t lines = 0;
  for (int i = 0; i < 1000; ++i)
    lines += log.add({fmt::format("host-{}", i), 1}, "no", start) ? 1 : 0;
  CHECK(lines == 10);
  CHECK(log.add({"::1", 1}, "no", start + std::chrono::hours{1})
        == "refused a connection from [::1]:1: no");
}
