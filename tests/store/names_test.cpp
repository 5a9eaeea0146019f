#include "nnactor/store/names.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("every name is read back as what it was made from") {
  CHECK(epoch_file(7) == "epoch.7");
  CHECK(parse_epoch_file("epoch.7") == 7);
  CHECK(manifest_file(12) == "manifest.000012");
  CHECK(parse_manifest_file("manifest.000012") == 12);
  CHECK(parse_manifest_file(manifest_file(1234567)) == 1234567);
  CHECK(generation_folder(3) == "000003");
  CHECK(parse_generation_folder("000003") == 3);
  CHECK(slice_file(7, "n0", "ab") == "7.n0.ab");
  CHECK(parse_slice_file("7.n0.ab") == 7);
  CHECK(run_file(7) == "run.7");
  CHECK(parse_run_file("run.7") == 7);
  CHECK(is_probe_file(probe_file(random_name())));
  auto temporary = parse_temporary_manifest(temporary_manifest(7, 12, "ab"));
  REQUIRE(temporary);
  CHECK(temporary->epoch == 7);
  CHECK(temporary->generation == 12);
}

TEST_CASE("names of others are not taken for ours") {
  for (auto name : {"epoch.07", "epoch.", "epoch.1x", "epoch.-1", "Epoch.1"})
    CHECK_FALSE(parse_epoch_file(name));
  for (auto name : {"manifest.12", "manifest.0000012", "manifest.000012~"})
    CHECK_FALSE(parse_manifest_file(name));
  for (auto name : {"12", "0000012", "00001x", ""})
    CHECK_FALSE(parse_generation_folder(name));
  for (auto name : {"7.n0", "x.n0.ab", "7..ab", "07.n0.ab", "notes.txt"})
    CHECK_FALSE(parse_slice_file(name));
  for (auto name : {"run.07", "run.", "run.7.txt", "runs.7"})
    CHECK_FALSE(parse_run_file(name));
  for (auto name : {"probe.", "probe.xyz", "probe.ab/..", "probe", "a/probe.a"})
    CHECK_FALSE(is_probe_file(name));
  for (auto name : {"temporary.7.12.ab", "temporary.txt", "temporary.7.000012"})
    CHECK_FALSE(parse_temporary_manifest(name));
}

TEST_CASE("a node's name cannot lead out of the folder") {
  CHECK(slice_file(1, "../../etc", "ab") == "1.______etc.ab");
  CHECK(slice_file(1, "10.0.0.1:4711", "ab") == "1.10_0_0_1:4711.ab");
  CHECK(parse_slice_file(slice_file(1, "10.0.0.1:4711", "ab")) == 1);
  CHECK(slice_file(1, "", "ab") == "1.node.ab");
}

TEST_CASE("a manifest cannot lead out of the folder") {
  for (auto path : {"a", "a/b", "000001/1.n.ab", "..a/b"})
    CHECK(is_safe_relative(path));
  for (auto path : {"", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/."})
    CHECK_FALSE(is_safe_relative(path));
  CHECK_FALSE(is_safe_relative(std::string_view{"a\0b", 3}));
}

TEST_CASE("random names do not repeat") {
  CHECK(random_name().size() == 16);
  CHECK(random_name(16).size() == 32);
  CHECK(random_name() != random_name());
}
