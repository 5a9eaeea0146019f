#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

/// Frames of CAF's protocol as strangers write them: byte by byte.
namespace nnactor::test {

/// Kinds of frames; values are those on the wire.
enum class frame_kind : uint8_t {
  server_handshake = 0,
  client_handshake,
  direct_message,
  routed_message,
  monitor_message,
  down_message,
  heartbeat,
};

/// A frame whose header says whatever it is told to.
struct frame {
  frame_kind kind = frame_kind::heartbeat;
  uint8_t flags = 0;
  uint64_t data = 0;
  uint64_t source = 0;
  uint64_t destination = 0;
  std::string payload;
  std::optional<uint32_t> length; ///< Instead of that of the payload.

  std::string bytes() const;
};

/// Bytes as CAF orders them.
class payload_writer {
public:
  payload_writer& number(uint64_t value, int bytes = 8);
  payload_writer& size(uint32_t value);
  payload_writer& text(const std::string& value);
  payload_writer& raw(const std::string& value);
  /// A node of that process number.
  payload_writer& node(uint32_t process);
  /// What begins a message of these types, for example "@atom+@str".
  payload_writer& message(const std::string& types);
  /// Up to ten lower case letters.
  payload_writer& atom(const std::string& name);

  const std::string& bytes() const {
    return bytes_;
  }

private:
  std::string bytes_;
};

/// The first 36 bytes of a handshake that announces four gigabytes.
std::string four_gigabytes();

/// Says who calls.
frame introduction(uint32_t process);

/// A message to an actor; `message` is its payload after that it is for
/// nobody else.
frame message_to(uint64_t actor, const payload_writer& message);

/// What a server says first: the number of its actor; 0 if it says else.
uint64_t actor_of(const std::string& server_handshake);

/// Frames to an actor that a node would send, and others: handles of third
/// nodes, errors in errors, names of types that end actors, lengths without
/// content. None is a command to a job.
std::vector<frame> all_frames(uint64_t actor, uint32_t process);

/// An error that tells an error that tells an error, and so on.
frame bottomless_error(uint64_t actor);

/// A frame as it is, changed in some places, cut off, or nothing of the kind.
std::string disfigured(const frame& what, std::mt19937_64& random);

} // namespace nnactor::test
