#include "bench/trace_report.hpp"

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

#include <cstring>
#include <fstream>

using namespace nnactor;
using trace::activity;

namespace {

trace::record record(uint64_t begin, uint64_t end, activity what,
                     const char* name, uint64_t of = 0) {
  trace::record out{begin, end, of, what, {}};
  std::strcpy(out.name, name);
  return out;
}

/// A core that computes half of its time and waits for a quarter, and the
/// driver.
traced_run small_run() {
  traced_run out{"one_node", {{10, 11, {}}, {20, 21, {}}}};
  // Waiting before and after the run is not counted.
  out.threads[1].records.push_back(record(0, 900, activity::waiting, "wait"));
  for (uint64_t at = 1000; at < 9000; at += 40) {
    auto& core = out.threads[1].records;
    core.push_back(record(at, at + 20, activity::computing, "forward", 5));
    core.push_back(record(at + 30, at + 40, activity::waiting, "wait"));
  }
  out.threads[1].records.push_back(
      record(9000, 99000, activity::waiting, "wait"));
  out.threads[0].records.push_back(
      record(0, 50, activity::computing, "gather examples"));
  return out;
}

} // namespace

TEST_CASE("a trace says where the time of cores goes") {
  auto shares = shares_of(small_run());
  REQUIRE(shares.size() == 3);
  CHECK(shares[0].name == "one_node_computing");
  CHECK(shares[0].value == doctest::Approx(0.5).epsilon(0.01));
  CHECK(shares[1].value == doctest::Approx(0.25).epsilon(0.01));
  CHECK(shares[2].name == "one_node_runtime");
  CHECK(shares[2].value == doctest::Approx(0.25).epsilon(0.01));
  CHECK(shares_of({"nothing", {}}).empty());
}

TEST_CASE("a trace is a file of events that name group, thread and process") {
  auto path = (boost::filesystem::temp_directory_path()
               / boost::filesystem::unique_path("%%%%%%%%.json"))
                  .string();
  REQUIRE_FALSE(write_trace({small_run()}, 10, path, false));
  std::ifstream in{path};
  auto events = nlohmann::json::parse(in)["traceEvents"];
  boost::filesystem::remove(path);
  CHECK(events[0]["args"]["name"] == "driver");
  CHECK(events[2]["args"]["name"] == "one_node: node 1");
  CHECK(events[3]["args"]["name"] == "core");
  // Times are in microseconds since the first of all.
  auto& gather = events[4];
  CHECK(gather["name"] == "gather examples");
  CHECK(gather["ts"] == 0);
  CHECK(gather["dur"] == 0.05);
  auto& forward = events[6];
  CHECK(forward["name"] == "forward group 5");
  CHECK(forward["cat"] == "computing");
  CHECK(forward["ts"] == 1.0);
  CHECK(forward["pid"] == 20);
}
