#include "nnactor/cluster/frame_rules.hpp"

#include "nnactor/defaults.hpp"

#include <caf/message_id.hpp>

#include <algorithm>

namespace nnactor {

bool acceptable(const caf::io::basp::header& what, frame_origin from) {
  using type = caf::io::basp::message_type;
  if (!caf::io::basp::valid(what))
    return false;
  auto within = [&](size_t limit) {
    return what.payload_len > 0 && what.payload_len <= limit;
  };
  switch (what.operation) {
  case type::server_handshake:
    return from.called && within(defaults::handshake_bytes);
  case type::client_handshake:
    return !from.called && within(defaults::introduction_bytes);
  case type::monitor_message:
  case type::down_message:
    return from.introduced && within(defaults::notice_bytes);
  case type::direct_message:
  case type::routed_message:
    // CAF takes what is marked as of a stream for that, whatever it is.
    return from.introduced && within(defaults::message_bytes)
           && !caf::make_message_id(what.operation_data).is_stream_message();
  case type::heartbeat:
    return from.introduced;
  }
  return false;
}

bool acceptable_type(std::string_view name) {
  // CAF's own names begin with '@', but for three; ours do not.
  static constexpr std::string_view used[] = {
      "@atom",   "@charbuf", "@error", "@i32", "@i64", "@i8",  "@str",
      "@strvec", "@u16",     "@u32",   "@u64", "@u8",  "@unit"};
  if (!name.starts_with('@'))
    return name != "float" && name != "double";
  return std::ranges::find(used, name) != std::end(used);
}

bool acceptable_message(std::string_view types, bool is_answer) {
  // One more '+' at the end is another name of the same types.
  return !types.ends_with('+') && (is_answer || types != "@<>+@error");
}

} // namespace nnactor
