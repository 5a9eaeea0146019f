#pragma once

#include "nnactor/messages/actors.hpp"

#include <atomic>
#include <deque>
#include <memory>

namespace nnactor {

/// Bytes of tensors that a node has put on its links.
using traffic_counter = std::shared_ptr<std::atomic<uint64_t>>;

struct link_state {
  static inline const char* name = "link";

  // Without this, CAF would take the state for one to be made from the actor.
  link_state() = default;

  gate_actor gate; ///< At the other end.
  traffic_counter traffic;
  bool narrows = false;
  std::deque<tensor_piece> queue; ///< Waits for credit; shares the tensors'
                                  ///< bytes.
  uint64_t under_way = 0;         ///< Bytes sent, credit not yet returned.
};

/// @param narrows Whether values of f32 were rounded to bfloat16, so that two
///        bytes of each say it all.
link_actor::behavior_type
run_link(link_actor::stateful_pointer<link_state> self, gate_actor gate,
         traffic_counter traffic, bool narrows);

/// Cuts a tensor into pieces of at most `limit` bytes; an empty tensor is one
/// empty piece.
std::vector<tensor_piece> cut(const tensor_message& what, size_t limit);

} // namespace nnactor
