#include "support/process.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <sstream>

using namespace nnactor::test;
using nlohmann::json;

namespace {

/// Share of the digits that the model knows after training.
double accuracy_with(const char* precision, const std::string& root) {
  scratch folder;
  auto end =
      run_nnactor({"run", root + "/configs/mnist.toml", "--json", "--set",
                   "data.path=" + root + "/../shared/data/mnist", "--set",
                   "store.path=" + (folder / "model"), "--set",
                   std::string{"train.precision="} + precision});
  INFO(end.err);
  REQUIRE(end.status == 0);
  auto last = 0.0;
  std::istringstream lines{end.out};
  for (std::string line; std::getline(lines, line);)
    if (auto event = json::parse(line); event["event"] == "validation")
      last = event["accuracy"];
  return last;
}

} // namespace

TEST_CASE("mixed precision learns digits within half a point of float32") {
  std::string here = __FILE__;
  auto root = here.substr(0, here.rfind("/tests/"));
  if (!std::filesystem::exists(root + "/../shared/data/mnist")) {
    MESSAGE("skipped: no data set in ../shared/data/mnist");
    return;
  }
  auto exact = accuracy_with("float32", root);
  auto mixed = accuracy_with("bfloat16", root);
  CHECK(exact > 0.95);
  CHECK(mixed > 0.95);
  CHECK(std::abs(exact - mixed) <= 0.005);
}
