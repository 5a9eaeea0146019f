#pragma once

#include <caf/io/basp/header.hpp>

#include <string_view>

namespace nnactor {

/// What is known of a connection when a frame of CAF's protocol arrives.
struct frame_origin {
  bool introduced = false; ///< It has shaken hands.
  bool called = false;     ///< We have called, and wait for the answer.
};

/// Whether an honest peer sends such a header: first of all a handshake, and
/// nothing longer than what we send ourselves. Comes before any allocation.
bool acceptable(const caf::io::basp::header& what, frame_origin from);

/// Whether values of a type, by its name on the wire, are in messages that
/// nodes send each other. Others would end actors (`@exit`), or nest in
/// themselves without end (`@message`).
bool acceptable_type(std::string_view name);

/// Whether an actor may have a message of these types, by their name on the
/// wire. An error ends whoever has not asked for anything.
bool acceptable_message(std::string_view types, bool is_answer);

} // namespace nnactor
