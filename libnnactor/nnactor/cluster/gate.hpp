#pragma once

#include "nnactor/cluster/assembly.hpp"
#include "nnactor/group/routing.hpp"

#include <map>

namespace nnactor {

struct gate_state {
  static inline const char* name = "gate";

  routing_ptr routes;
  assembly pieces;
  std::map<caf::actor_addr, uint64_t> received; ///< Bytes since the last
                                                ///< credit, by link.
  uint64_t refused = 0; ///< Pieces that no honest peer would send.
};

gate_actor::behavior_type
run_gate(gate_actor::stateful_pointer<gate_state> self);

} // namespace nnactor
