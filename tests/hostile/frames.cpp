#include "frames.hpp"

#include <caf/atom.hpp>

namespace nnactor::test {

payload_writer& payload_writer::number(uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    bytes_ += static_cast<char>(value >> (8 * i));
  return *this;
}

payload_writer& payload_writer::size(uint32_t value) {
  for (; value >= 0x80; value >>= 7)
    bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
  return *this;
}

payload_writer& payload_writer::text(const std::string& value) {
  return size(static_cast<uint32_t>(value.size())).raw(value);
}

payload_writer& payload_writer::raw(const std::string& value) {
  bytes_ += value;
  return *this;
}

payload_writer& payload_writer::node(uint32_t process) {
  return atom("default").number(process, 4).raw(std::string(20, 'h'));
}

payload_writer& payload_writer::message(const std::string& types) {
  return number(0, 2).text(types.empty() ? "@<>" : "@<>+" + types);
}

payload_writer& payload_writer::atom(const std::string& name) {
  return number(static_cast<uint64_t>(caf::atom_from_string(name)));
}

std::string frame::bytes() const {
  auto size = static_cast<uint32_t>(payload.size());
  return payload_writer{}
             .number(static_cast<uint8_t>(kind), 1)
             .number(0, 2)
             .number(flags, 1)
             .number(length.value_or(size), 4)
             .number(data)
             .number(source)
             .number(destination)
             .bytes()
         + payload;
}

std::string four_gigabytes() {
  frame out;
  out.kind = frame_kind::client_handshake;
  out.length = 0xFFFFFFF0;
  return out.bytes() + std::string(4, '\0');
}

frame introduction(uint32_t process) {
  frame out;
  out.kind = frame_kind::client_handshake;
  out.payload = payload_writer{}.node(process).bytes();
  return out;
}

frame message_to(uint64_t actor, const payload_writer& message) {
  frame out;
  out.kind = frame_kind::direct_message;
  out.source = 77;
  out.destination = actor;
  out.data = uint64_t{1} << 60 | 5; // A request.
  out.payload = std::string(1, '\0') + message.bytes();
  return out;
}

uint64_t actor_of(const std::string& server_handshake) {
  // A header, a node, a list of one name, and then the actor.
  auto at = size_t{32 + 32 + 1 + 1 + 7};
  if (server_handshake.size() < at + 8)
    return 0;
  uint64_t out = 0;
  for (size_t i = at; i < at + 8; ++i)
    out = out << 8 | static_cast<uint8_t>(server_handshake[i]);
  return out;
}

namespace {

using writer = payload_writer;

frame notice(frame_kind kind, uint64_t actor, const writer& payload) {
  frame out;
  out.kind = kind;
  (kind == frame_kind::down_message ? out.source : out.destination) = actor;
  out.payload = payload.bytes();
  return out;
}

writer nested_errors(int depth) {
  writer out;
  out.message("@error");
  for (int i = 0; i < depth; ++i)
    out.number(1, 1).atom("nnactor").message("@error");
  return out.number(0, 1);
}

void add_messages(std::vector<frame>& out, uint64_t actor, uint32_t process) {
  auto add = [&](const writer& message) {
    out.push_back(message_to(actor, message));
  };
  add(writer{}.message("@atom+@str").atom("hello").text("nnactor-0"));
  add(writer{}.message("@atom+@str").atom("command").text("status"));
  add(writer{}.message("@atom").atom("traffic"));
  add(writer{}.message("@atom+@u64").atom("status").number(1));
  add(writer{}.message("@u64").number(7));
  add(writer{}.message(""));
  add(writer{}
          .message("@atom+nnactor::tensor_piece")
          .atom("probe")
          .raw(std::string(50, '\0'))
          .text(std::string(999, 'x')));
  add(nested_errors(1));
  add(nested_errors(50));
  add(writer{}
          .message("@error")
          .number(1, 1)
          .atom("nnactor")
          .message("@str")
          .text("no"));
  // What CAF would decode, and no node sends.
  add(writer{}.message("@charbuf").size(0xFFFFFFF0));
  add(writer{}.message("@strvec").size(0xFFFFFFF0));
  add(writer{}.message("@str").size(0xFFFFFFF0));
  add(writer{}.message("@charbuf").raw(std::string(40, '\xFF')));
  add(writer{}.message("@message").message("@message").message("@u8"));
  add(writer{}.message("@u32str").size(0xFFFFFFF0));
  add(writer{}.message("@double").raw(std::string(8, '\x7F')));
  add(writer{}.message("@timeout").raw(std::string(16, '\1')));
  add(writer{}.message("@group").text("local"));
  add(writer{}.message("@new_data_msg").raw(std::string(16, '\1')));
  add(writer{}.message("@exit").number(9).node(process).number(2, 1).atom(
      "exit"));
  add(writer{}
          .message("@atom+@strong_actor_ptr")
          .atom("link")
          .number(9)
          .node(process));
  for (auto other : {process, process + 1})
    add(writer{}.message("nnactor::gate_actor").number(actor).node(other));
}

} // namespace

frame bottomless_error(uint64_t actor) {
  return message_to(actor, nested_errors(20000));
}

std::vector<frame> all_frames(uint64_t actor, uint32_t process) {
  std::vector<frame> out;
  add_messages(out, actor, process);
  out.push_back(introduction(process));
  out.push_back(introduction(process + 1));
  out.push_back({});
  for (auto kind : {frame_kind::server_handshake, frame_kind::client_handshake,
                    frame_kind::direct_message, frame_kind::down_message}) {
    frame empty;
    empty.kind = kind;
    empty.data = kind == frame_kind::server_handshake;
    out.push_back(empty);
    empty.length = 0xFFFFFFF0;
    out.push_back(empty);
  }
  // Notices in the name of others, too.
  for (auto from : {process, process + 1}) {
    out.push_back(notice(frame_kind::monitor_message, actor,
                         writer{}.node(from).node(process + 2)));
    out.push_back(notice(frame_kind::down_message, actor,
                         writer{}.node(from).node(process + 2).number(0, 1)));
  }
  auto named = message_to(static_cast<uint64_t>(caf::atom("ConfigServ")),
                          writer{}.message("@atom+@str").atom("get").text("*"));
  named.flags = 1;
  out.push_back(named);
  auto routed = message_to(actor, writer{}.message("@u64").number(7));
  routed.kind = frame_kind::routed_message;
  routed.payload =
      writer{}.node(process).node(process + 2).bytes() + routed.payload;
  out.push_back(routed);
  // As part of a stream, which it is not.
  for (uint64_t stream : {2, 3}) {
    out.push_back(message_to(actor, writer{}.message("@u64").number(7)));
    out.back().data = stream << 60 | 5;
  }
  auto staged = message_to(actor, writer{});
  staged.payload =
      writer{}.size(0xFFFFFFF0).number(actor).node(process).bytes();
  out.push_back(staged);
  return out;
}

std::string disfigured(const frame& what, std::mt19937_64& random) {
  auto bytes = what.bytes();
  auto any = [&](size_t bound) { return random() % bound; };
  switch (any(8)) {
  case 0:
    bytes.resize(any(bytes.size()));
    break;
  case 1:
    for (auto& x : bytes)
      x = static_cast<char>(random());
    break;
  case 2:
    bytes.insert(any(bytes.size()),
                 std::string(1 + any(40), static_cast<char>(random())));
    break;
  case 3:
  case 4:
  case 5:
    for (auto n = 1 + any(4); n > 0; --n)
      bytes[any(bytes.size())] = static_cast<char>(random());
    break;
  default:
    break;
  }
  return bytes;
}

} // namespace nnactor::test
