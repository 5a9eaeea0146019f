#include "nnactor/cluster/frame_rules.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/messages/message_types.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using caf::io::basp::header;
using caf::io::basp::message_type;

namespace {

constexpr auto stranger = frame_origin{false, false};
constexpr auto called = frame_origin{false, true};
constexpr auto peer = frame_origin{true, false};

/// A header that CAF takes for valid.
header made(message_type what, size_t payload) {
  auto to_actor = what == message_type::direct_message
                  || what == message_type::routed_message
                  || what == message_type::monitor_message;
  return {what,
          0,
          static_cast<uint32_t>(payload),
          uint64_t{what == message_type::server_handshake},
          uint64_t{what == message_type::down_message},
          uint64_t{to_actor}};
}

} // namespace

TEST_CASE("strangers introduce themselves before anything else") {
  for (int i = 0; i <= 6; ++i) {
    auto what = static_cast<message_type>(i);
    auto payload = what == message_type::heartbeat ? 0u : 32u;
    INFO(to_string(what));
    CHECK(acceptable(made(what, payload), stranger)
          == (what == message_type::client_handshake));
    CHECK(acceptable(made(what, payload), called)
          == (what == message_type::server_handshake));
    CHECK(acceptable(made(what, payload), peer)
          == (what != message_type::server_handshake));
  }
  CHECK(!acceptable(made(static_cast<message_type>(7), 32), peer));
}

TEST_CASE("handshakes say something") {
  // CAF reads what is not there.
  CHECK(!acceptable(made(message_type::client_handshake, 0), stranger));
  CHECK(!acceptable(made(message_type::server_handshake, 0), called));
}

TEST_CASE("no frame is longer than those that nodes send") {
  auto longest = [](message_type what, frame_origin from, size_t limit) {
    INFO(to_string(what));
    CHECK(acceptable(made(what, limit), from));
    CHECK(!acceptable(made(what, limit + 1), from));
    CHECK(!acceptable(made(what, 0xFFFFFFF0), from));
  };
  longest(message_type::client_handshake, stranger,
          defaults::introduction_bytes);
  longest(message_type::server_handshake, called, defaults::handshake_bytes);
  longest(message_type::monitor_message, peer, defaults::notice_bytes);
  longest(message_type::down_message, peer, defaults::notice_bytes);
  longest(message_type::direct_message, peer, defaults::message_bytes);
}

TEST_CASE("no message is of a stream") {
  auto what = made(message_type::direct_message, 32);
  for (uint64_t category = 0; category < 4; ++category) {
    what.operation_data = category << 60 | 5;
    CHECK(acceptable(what, peer) == (category < 2));
  }
}

TEST_CASE("messages hold what nodes send each other") {
  for (auto* name : {"@atom", "@str", "@u64", "@charbuf", "@error", "bool",
                     "nnactor::tensor_piece"})
    CHECK(acceptable_type(name));
  for (auto* name : {"@exit", "@message", "@strong_actor_ptr", "@new_data_msg",
                     "@group", "@double", "double", "float", "@"})
    CHECK(!acceptable_type(name));
}

TEST_CASE("every type of ours may come") {
  caf::actor_system_config config;
  auto before = config.value_factories_by_name;
  add_message_types(config);
  for (auto& [name, make] : config.value_factories_by_name)
    if (!before.contains(name))
      CHECK(acceptable_type(name));
  CHECK(config.value_factories_by_name.size() > before.size());
}

TEST_CASE("errors are answers") {
  CHECK(acceptable_message("@<>+@error", true));
  CHECK(!acceptable_message("@<>+@error", false));
  CHECK(!acceptable_message("@<>+@error+", false));
  CHECK(acceptable_message("@<>+@atom+@u64+@error", false));
  CHECK(acceptable_message("@<>", false));
}
