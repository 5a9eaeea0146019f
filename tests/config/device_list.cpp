#include "nnactor/config/device_list.hpp"
#include "nnactor/config/read_file.hpp"
#include "support/documented_keys.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

const std::string links = "[inside]\nlatency_us = 1\nbandwidth_gb_s = 2\n"
                          "[between]\nlatency_us = 3\nbandwidth_gb_s = 4\n"
                          "collective = 'ring'\n";

const std::string server = "[[servers]]\npeak_tflops = 2\nefficiency = 0.5\n"
                           "memory_tb_s = 0.1\ncache = '1 MB'\n";

std::string list_error(const std::string& text) {
  auto out = parse_device_list(text, "d.toml");
  return out ? std::string{} : explain(out.error());
}

} // namespace

TEST_CASE("configs/devices/README.md documents every key, and no other") {
  CHECK(test::as_set(test::documented_keys("devices/README.md"))
        == test::as_set(device_list_keys()));
}

TEST_CASE("the shipped lists of devices are right") {
  auto shipped = [](const std::string& name) {
    auto text =
        read_file(test::in_configs("devices/" + name), ec::invalid_config);
    REQUIRE(text);
    auto found = parse_device_list(*text, name);
    REQUIRE_MESSAGE(found, explain(found.error()));
    return *found;
  };
  auto office = shipped("office.toml");
  CHECK(office.on.devices.size() == 8);
  CHECK(office.servers == std::vector<std::string>{"new", "new", "old"});
  CHECK(shipped("two-cores.toml").on.devices.size() == 2);
}

TEST_CASE("servers, their devices and links") {
  auto found =
      parse_device_list(links + server + "count = 2\ndevices = 3\n", "d.toml");
  REQUIRE_MESSAGE(found, explain(found.error()));
  auto& on = found->on;
  CHECK(on.servers == std::vector<uint32_t>{0, 0, 0, 1, 1, 1});
  REQUIRE(on.devices.size() == 6);
  auto& one = on.devices.front();
  CHECK(one.flops == 1e12);
  CHECK(one.bandwidth == 1e11);
  CHECK(one.cache_bandwidth == 1e11);
  CHECK(one.cache == doctest::Approx(0.8e6));
  CHECK(one.memory == 0);
  CHECK(on.inside.latency == doctest::Approx(1e-6));
  CHECK(on.inside.kind == collective::two_step);
  CHECK(on.between.bandwidth == 4e9);
  CHECK(on.between.kind == collective::ring);
}

TEST_CASE("what is wrong with a list of devices is named with its place") {
  CHECK(list_error(links)
        == "d.toml:1:1: needs at least one table of [[servers]]");
  CHECK(list_error(links + "[[servers]]\ncores = 2")
            .find("d.toml:9:1: unknown key 'servers.cores'")
        == 0);
  CHECK(list_error(links + server + "count = 0").find("d.toml:13:9: ") == 0);
  CHECK(list_error(links + server + "count = 1000\ndevices = 1001")
        == "d.toml:8:1: [[servers]] makes more than 1000000 devices");
  CHECK(list_error(links + server + "memory = 'much'").find("d.toml:13:10: ")
        == 0);
  CHECK(list_error("[inside]\nlatency_us = 1\n").find("bandwidth_gb_s")
        != std::string::npos);
}
