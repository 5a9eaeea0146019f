#include "nnactor/machine/trace.hpp"

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

#include <thread>

using namespace nnactor;

namespace {

/// A folder that goes with the test.
struct scratch_folder {
  scratch_folder()
      : path(boost::filesystem::temp_directory_path()
             / boost::filesystem::unique_path()) {
    boost::filesystem::create_directories(path);
  }

  ~scratch_folder() {
    boost::filesystem::remove_all(path);
  }

  boost::filesystem::path path;
};

void work() {
  trace::span outer{trace::activity::computing, "outer", 7};
  trace::span inner{trace::activity::sending, "inner"};
}

} // namespace

TEST_CASE("what threads do is in a file of each, as long as somebody asks") {
  scratch_folder folder;
  work();
  trace::begin(folder.path.string());
  std::thread{work}.join();
  std::thread{[] {
    work();
    work();
  }}.join();
  trace::begin({});
  std::thread{work}.join();
  auto found = trace::read(folder.path.string());
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  size_t records = 0;
  for (auto& thread : *found) {
    records += thread.records.size();
    CHECK(thread.process == static_cast<uint64_t>(getpid()));
    auto& inner = thread.records.at(0);
    auto& outer = thread.records.at(1);
    CHECK(std::string{inner.name} == "inner");
    CHECK(inner.what == trace::activity::sending);
    CHECK(std::string{outer.name} == "outer");
    CHECK(outer.of == 7);
    CHECK(outer.begin_ns <= inner.begin_ns);
    CHECK(inner.end_ns <= outer.end_ns);
  }
  CHECK(records == 6);
  auto missing = trace::read((folder.path / "none").string());
  REQUIRE(!missing);
  CHECK(explain(missing.error()).find("none") != std::string::npos);
}
