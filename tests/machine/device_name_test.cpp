#include "nnactor/machine/device_name.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

std::string refusal(const std::string& text) {
  auto found = parse_devices(text);
  REQUIRE_FALSE(found);
  CHECK(found.error() == ec::invalid_argument);
  return explain(found.error());
}

} // namespace

TEST_CASE("devices are a number of cores or a list of names") {
  using names = std::vector<std::string>;
  CHECK(*parse_devices("1") == names{"cpu"});
  CHECK(*parse_devices("3") == names{"cpu", "cpu", "cpu"});
  CHECK(*parse_devices("gpu:0") == names{"gpu:0"});
  CHECK(*parse_devices("gpu:0,gpu:11,cpu,gpu:emulated")
        == names{"gpu:0", "gpu:11", "cpu", "gpu:emulated"});
}

TEST_CASE("what is no device is named") {
  CHECK(refusal("tpu")
        == "there is no device 'tpu'; devices are cpu, gpu:0, gpu:1 and so on");
  for (auto* text : {"", "gpu", "gpu:", "gpu:-1", "gpu:1x", "cpu,", ",cpu",
                     "cpu gpu:0", "CPU", "gpu:99999999999", "-1"})
    CHECK(refusal(text).starts_with("there is no device '"));
  CHECK(refusal("0") == "0 devices are not 1 to 1024");
  CHECK(refusal("1025") == "1025 devices are not 1 to 1024");
}

TEST_CASE("devices are opened by their names") {
  CHECK((*open_device("cpu"))->name() == "cpu");
  CHECK((*open_device("gpu:emulated"))->name() == "emulated GPU");
  auto missing = open_device("gpu:1000");
  REQUIRE_FALSE(missing);
  CHECK(explain(missing.error()).starts_with("there is no gpu:1000: "));
}
