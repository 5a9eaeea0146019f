#pragma once

namespace caf {
class node_id;
}

namespace nnactor {

/// What is in a message takes no memory beyond what has arrived, and no stack.
/// A call of this puts our versions of functions of CAF into the program, see
/// `next_function`:
///
/// - A length inside a message is at most what is left of the message.
/// - Messages hold types of `acceptable_type` only, and nest only as an error
///   nests what it tells.
/// - Handles lead to actors of this node or of the one that speaks.
/// - Nodes are named by numbers, not by an address to parse.
/// - What no actor expects is answered with an error, but not printed.
void limit_decoding();

/// While it lives, messages on this thread come from that node.
class speaking {
public:
  explicit speaking(const caf::node_id& who);
  speaking(const speaking&) = delete;
  speaking& operator=(const speaking&) = delete;
  ~speaking();
};

} // namespace nnactor
