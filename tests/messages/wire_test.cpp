#include "nnactor/defaults.hpp"
#include "nnactor/messages/actors.hpp"
#include "support/actors.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>
#include <limits>
#include <optional>

using namespace nnactor;
using namespace nnactor::test;

namespace {

std::vector<char> write(actor_world& world, const auto&... xs) {
  std::vector<char> out;
  caf::binary_serializer sink{world.system(), out};
  REQUIRE(!sink(xs...));
  return out;
}

template <class T>
std::optional<T> read(actor_world& world, const std::vector<char>& from) {
  T out;
  caf::binary_deserializer source{world.system(), from};
  if (source(out))
    return std::nullopt;
  return out;
}

shared_bytes bytes_of(const void* data, size_t size) {
  byte_buffer out{size};
  if (size > 0)
    std::memcpy(out.data(), data, size);
  return shared_bytes{std::move(out)};
}

bool same(const shared_bytes& x, const shared_bytes& y) {
  return x.size() == y.size()
         && (x.size() == 0 || std::memcmp(x.data(), y.data(), x.size()) == 0);
}

tensor_piece some_piece() {
  tensor_piece out;
  out.key = {{7, 1ull << 40, phase::evaluate, 3}, 2, direction::backward, 5, 6};
  out.type = dtype::f64;
  out.extent = {3, 1ull << 33};
  out.offset = (1ull << 50) + 1;
  return out;
}

} // namespace

TEST_CASE("a piece of a tensor survives the wire") {
  actor_world world;
  auto piece = some_piece();
  piece.bytes = bytes_of("seven b", 7);
  auto back = read<tensor_piece>(world, write(world, piece));
  REQUIRE(back);
  CHECK(back->key == piece.key);
  CHECK(back->type == piece.type);
  CHECK(back->extent == piece.extent);
  CHECK(back->offset == piece.offset);
  CHECK(same(back->bytes, piece.bytes));
}

TEST_CASE("floats arrive bit by bit, whatever they are") {
  actor_world world;
  // CAF's own floats lose all of these: quiet and signalling NaN with a
  // payload, -0, a denormal, infinity.
  const uint32_t bits[] = {0x7fc12345, 0xff812345, 0x80000000, 0x00000001,
                           0x7f800000, 0xff800000, 0x3f800000};
  auto piece = some_piece();
  piece.bytes = bytes_of(bits, sizeof bits);
  auto back = read<tensor_piece>(world, write(world, piece));
  REQUIRE(back);
  CHECK(same(back->bytes, piece.bytes));
}

TEST_CASE("any piece survives the wire") {
  actor_world world;
  CHECK(rc::check([&] {
    auto data = *rc::gen::arbitrary<std::vector<char>>();
    tensor_piece piece;
    piece.key.work = {
        *rc::gen::arbitrary<uint64_t>(), *rc::gen::arbitrary<uint64_t>(),
        *rc::gen::element(phase::train, phase::evaluate, phase::infer),
        *rc::gen::arbitrary<uint32_t>()};
    piece.key.layer = *rc::gen::arbitrary<uint32_t>();
    piece.key.way = *rc::gen::element(direction::forward, direction::backward);
    piece.key.producer = *rc::gen::arbitrary<uint32_t>();
    piece.key.consumer = *rc::gen::arbitrary<uint32_t>();
    piece.extent = {*rc::gen::arbitrary<uint64_t>(),
                    *rc::gen::arbitrary<uint64_t>()};
    piece.offset = *rc::gen::arbitrary<uint64_t>();
    piece.bytes = bytes_of(data.data(), data.size());
    auto back = read<tensor_piece>(world, write(world, piece));
    RC_ASSERT(back.has_value());
    RC_ASSERT(back->key == piece.key);
    RC_ASSERT(back->extent == piece.extent);
    RC_ASSERT(back->offset == piece.offset);
    RC_ASSERT(same(back->bytes, piece.bytes));
  }));
}

TEST_CASE("a piece longer than any may be is refused before it is allocated") {
  actor_world world;
  // Only the length is on the wire, none of the bytes that it promises.
  // CAF's lengths have 32 bits.
  for (auto length :
       {defaults::piece_bytes + 1, size_t{1} << 30, size_t{UINT32_MAX}}) {
    std::vector<char> wire;
    caf::binary_serializer sink{world.system(), wire};
    REQUIRE(!sink.begin_sequence(length));
    CHECK(!read<shared_bytes>(world, wire));
  }
}

TEST_CASE("a truncated piece is refused wherever it ends") {
  actor_world world;
  auto piece = some_piece();
  piece.bytes = bytes_of("0123456789", 10);
  auto wire = write(world, piece);
  for (size_t size = 0; size < wire.size(); ++size)
    CHECK(!read<tensor_piece>(
        world, {wire.begin(), wire.begin() + static_cast<ptrdiff_t>(size)}));
}

TEST_CASE("damaged bytes are read or refused, never worse") {
  actor_world world;
  auto piece = some_piece();
  piece.bytes = bytes_of("0123456789", 10);
  auto wire = write(world, piece);
  CHECK(rc::check([&] {
    auto damaged = wire;
    auto at = *rc::gen::inRange<size_t>(0, damaged.size());
    damaged[at] = static_cast<char>(*rc::gen::arbitrary<uint8_t>());
    auto back = read<tensor_piece>(world, damaged);
    RC_ASSERT(!back || back->bytes.size() <= wire.size());
  }));
}

TEST_CASE("what nodes tell of themselves survives the wire") {
  actor_world world;
  node_info info{.version = "nnactor-1",
                 .host = "host",
                 .process = 42,
                 .cores = 64,
                 .memory = uint64_t{1} << 40,
                 .free_memory = uint64_t{1} << 39,
                 .used_memory = uint64_t{1} << 36,
                 .idle_memory = 5,
                 .device_memory = 7,
                 .devices = 2,
                 .device = "cpu"};
  auto back = read<node_info>(world, write(world, info));
  REQUIRE(back);
  CHECK(back->version == info.version);
  CHECK(back->host == info.host);
  CHECK(back->process == info.process);
  CHECK(back->cores == info.cores);
  CHECK(back->memory == info.memory);
  CHECK(back->free_memory == info.free_memory);
  CHECK(back->used_memory == info.used_memory);
  CHECK(back->idle_memory == info.idle_memory);
  CHECK(back->device_memory == info.device_memory);
  CHECK(back->devices == info.devices);
  CHECK(back->device == info.device);
  node_report report{3, uint64_t{1} << 35, uint64_t{1} << 36, "a/table"};
  auto told = read<node_report>(world, write(world, report));
  REQUIRE(told);
  CHECK(told->groups == report.groups);
  CHECK(told->neurons == report.neurons);
  CHECK(told->parameters == report.parameters);
  CHECK(told->table == report.table);
}

TEST_CASE("whole messages survive the wire with their types") {
  actor_world world;
  auto piece = some_piece();
  piece.bytes = bytes_of("abc", 3);
  auto nan = std::numeric_limits<double>::quiet_NaN();
  auto messages = {
      caf::make_message(piece),
      caf::make_message(norm_atom::value, uint64_t{1}, uint64_t{2}, group_id{3},
                        std::bit_cast<uint64_t>(nan)),
      caf::make_message(join_atom::value, uint64_t{1}, node_index{0},
                        std::vector<std::string>{"a:1", "b:2"}),
      caf::make_message(deploy_atom::value, std::vector<char>{'x', '\0', 'y'}),
      caf::make_message(failed_atom::value, uint64_t{1},
                        fail(ec::diverged, "step {}", 3)),
      caf::make_message(node_report{1, 2, 3, "t"}),
  };
  for (auto& message : messages) {
    auto back = read<caf::message>(world, write(world, message));
    REQUIRE(back);
    CHECK(to_string(*back) == to_string(message));
    CHECK(write(world, *back) == write(world, message));
  }
}

TEST_CASE("an error keeps its code and its sentence on the wire") {
  actor_world world;
  auto why = fail(ec::node_lost, "node {} is gone", "b:2");
  auto back = read<caf::error>(world, write(world, why));
  REQUIRE(back);
  CHECK(code_of(*back) == ec::node_lost);
  CHECK(explain(*back) == "node b:2 is gone");
}

TEST_CASE("handles of gates and drivers survive the wire") {
  actor_world world;
  auto driver = spawn_driver(world, std::make_shared<driver_record>());
  auto back = read<driver_actor>(world, write(world, driver_actor{driver}));
  REQUIRE(back);
  CHECK(*back == driver_actor{driver});
}

TEST_CASE("work is named for people") {
  CHECK(to_string(work_id{1, 2, phase::train, 3})
        == "training step 2 micro-batch 3");
  CHECK(to_string(work_id{1, 0, phase::infer, 9})
        == "inference step 0 micro-batch 9");
}
