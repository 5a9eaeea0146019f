#include "nnactor/machine/calibration.hpp"

#include "nnactor/device/cpu/huge_buffer.hpp"
#include "nnactor/machine/read_speed.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace nnactor;

namespace {

topology some_machine() {
  topology out;
  out.processor = "some processor";
  out.memory = uint64_t{1} << 34;
  out.cores.resize(4);
  return out;
}

calibration some_figures() {
  return {{{1 << 14, 2e11}, {1 << 20, 1e11}},
          1.2e11,
          7.5e11,
          0.8,
          {{6e13, 7.9e14, 8e12, 4e12}}};
}

} // namespace

TEST_CASE("what was measured is kept and read again") {
  auto text = to_json(some_machine(), some_figures());
  auto read = from_json(some_machine(), text);
  REQUIRE_MESSAGE(read, explain(read.error()));
  auto expected = some_figures();
  REQUIRE(read->reads.size() == 2);
  CHECK(read->reads[1].bytes == expected.reads[1].bytes);
  CHECK(read->reads[1].bytes_per_s == expected.reads[1].bytes_per_s);
  CHECK(read->float32_flop_per_s == expected.float32_flop_per_s);
  CHECK(read->bfloat16_flop_per_s == expected.bfloat16_flop_per_s);
  CHECK(read->hop_us == expected.hop_us);
  REQUIRE(read->gpus.size() == 1);
  auto& gpu = read->gpus.front();
  CHECK(gpu.float32_flop_per_s == 6e13);
  CHECK(gpu.bfloat16_flop_per_s == 7.9e14);
  CHECK(gpu.cache_bytes_per_s == 8e12);
  CHECK(gpu.memory_bytes_per_s == 4e12);
}

TEST_CASE("figures of another machine and other files are not taken") {
  auto text = to_json(some_machine(), some_figures());
  auto other = some_machine();
  other.cores.resize(8);
  CHECK(code_of(from_json(other, text).error()) == ec::invalid_data);
  other = some_machine();
  other.gpus.resize(1);
  CHECK(code_of(from_json(other, text).error()) == ec::invalid_data);
  for (auto wrong : {std::string{}, std::string{"[]"}, std::string{"{}"},
                     text.substr(0, text.size() / 2)})
    CHECK(code_of(from_json(some_machine(), wrong).error())
          == ec::invalid_data);
}

TEST_CASE("a huge buffer is zeroed and starts at a huge page") {
  huge_buffer buffer{3'000'000};
  auto bytes = buffer.bytes();
  CHECK(bytes.size() == 3'000'000);
  CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % (2 << 20) == 0);
  CHECK(std::ranges::all_of(bytes, [](auto x) { return x == std::byte{0}; }));
}

TEST_CASE("reading all of a buffer leaves out no byte") {
  huge_buffer buffer{4096};
  auto bytes = buffer.bytes();
  auto before = read_all(bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = std::byte{1};
    REQUIRE(read_all(bytes) != before);
    bytes[i] = std::byte{0};
  }
  CHECK(read_all(bytes) == before);
}
