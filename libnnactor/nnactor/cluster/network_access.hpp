#pragma once

#include "nnactor/address.hpp"
#include "nnactor/credentials.hpp"
#include "nnactor/error.hpp"
#include "nnactor/messages/actors.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace nnactor {

/// CAF as it was measured to be fast, with all our message types.
class system_config : public caf::actor_system_config {
public:
  /// @param threads Of the scheduler.
  /// @param who TLS where it is not empty.
  /// @param lease A peer that is silent for so long is lost; 0: never.
  system_config(size_t threads, const credentials& who,
                std::chrono::milliseconds lease);
};

/// Fails where there is no such host, and beyond loopback without credentials:
/// whoever can connect can do what a run can, see README.md.
caf::error may_listen(const host_port& where, const credentials& who);

/// Makes an actor reachable, where it may be, and returns its port.
result<uint16_t> publish(const node_actor& node, const host_port& where,
                         const credentials& who);
result<uint16_t> publish(const control_actor& control, const host_port& where,
                         const credentials& who);

/// Ends that; the port is free again.
void unpublish(const control_actor& control, uint16_t port);

/// Reaches a run at its control address, or through one of its nodes. Fails
/// with `ec::unreachable`, with `ec::refused` where TLS or its lack is in the
/// way or, where something else answers, with `ec::protocol_violation`.
result<control_actor> dial_control(caf::scoped_actor& self,
                                   const std::string& address,
                                   const credentials& who,
                                   std::chrono::milliseconds patience);

/// An attempt to reach a node, repeated until its deadline unless the node has
/// refused.
struct dial_attempt;
using dial_attempt_ptr = std::shared_ptr<dial_attempt>;

struct dialer_state {
  static inline const char* name = "dialer";

  ~dialer_state() {
    *stop = true;
  }

  /// Nodes that have been reached, by address, until they are lost.
  std::map<std::string, node_actor> met;
  /// For those who wait for an answer on threads of their own.
  std::shared_ptr<std::atomic<bool>> stop =
      std::make_shared<std::atomic<bool>>(false);
};

/// A dialer that also reminds itself to try again.
using network_dialer_actor =
    dialer_actor::extend<caf::reacts_to<dial_attempt_ptr>>;

/// Dials over TCP, or TLS where there are credentials.
network_dialer_actor::behavior_type
run_dialer(network_dialer_actor::stateful_pointer<dialer_state> self,
           credentials who);

} // namespace nnactor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::dial_attempt_ptr)
