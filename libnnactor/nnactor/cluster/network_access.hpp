#pragma once

#include "nnactor/address.hpp"
#include "nnactor/credentials.hpp"
#include "nnactor/error.hpp"
#include "nnactor/messages/actors.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace nnactor {

/// Fails if only some of the files are given or one cannot be read. CAF would
/// fall back to anonymous encryption, or abort.
caf::error check(const credentials& what);

/// CAF as it was measured to be fast, with all our message types.
class system_config : public caf::actor_system_config {
public:
  /// @param threads Of the scheduler.
  /// @param who TLS where it is not empty.
  /// @param lease A peer that is silent for so long is lost; 0: never.
  system_config(size_t threads, const credentials& who,
                std::chrono::milliseconds lease);
};

/// Makes an actor reachable and returns its port. Refuses to listen beyond
/// loopback without credentials, for whoever can connect can do what a run
/// can, see README.md.
result<uint16_t> publish(const node_actor& node, const host_port& where,
                         const credentials& who);
result<uint16_t> publish(const control_actor& control, const host_port& where,
                         const credentials& who);

/// Ends that; the port is free again.
void unpublish(const control_actor& control, uint16_t port);

/// Reaches a run at its control address, or through one of its nodes. Fails
/// with `ec::unreachable` or, where something else answers, with
/// `ec::protocol_violation`.
result<control_actor> dial_control(caf::scoped_actor& self,
                                   const std::string& address,
                                   const credentials& who,
                                   std::chrono::milliseconds patience);

/// An attempt to reach a node, repeated until its deadline.
struct dial_attempt;
using dial_attempt_ptr = std::shared_ptr<dial_attempt>;

struct dialer_state {
  static inline const char* name = "dialer";
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
