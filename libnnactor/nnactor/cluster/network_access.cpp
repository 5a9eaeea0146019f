#include "nnactor/cluster/network_access.hpp"

#include "nnactor/cluster/peer_guard.hpp"
#include "nnactor/cluster/tls_errors.hpp"
#include "nnactor/defaults.hpp"

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include <fstream>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

// First pause between two attempts to reach a node; doubles up to the last.
constexpr auto first_pause = std::chrono::milliseconds{20};
constexpr auto longest_pause = std::chrono::milliseconds{500};

// Four in the shortest lease.
constexpr auto heartbeat = std::chrono::milliseconds{250};

} // namespace

struct dial_attempt {
  std::string address;
  host_port where;
  clock::time_point deadline;
  std::chrono::milliseconds pause = first_pause;
  caf::io::middleman_actor middleman;
  caf::typed_response_promise<node_actor> promise;
};

namespace {

using dialer_pointer = network_dialer_actor::stateful_pointer<dialer_state>;

void give_up(dial_attempt& what, const caf::error& why) {
  what.promise.deliver(
      fail(ec::unreachable,
           "cannot reach node {} ({}); is `nnactor node --listen {}` running "
           "there?",
           what.address, explain(why), what.address));
}

// Somebody else answers, perhaps a node of another version: whoever knows this
// question says which one.
void ask_version(dialer_pointer self, const dial_attempt_ptr& what,
                 const caf::strong_actor_ptr& stranger) {
  auto refuse = [what] {
    what->promise.deliver(
        fail(ec::protocol_violation,
             "{} answers, but is not a node of {}; use the same version of "
             "nnactor on every machine",
             what->address, protocol_version));
  };
  if (!stranger)
    return refuse();
  self->request(caf::actor_cast<caf::actor>(stranger), defaults::dial_timeout,
                hello_atom::value, std::string{protocol_version})
      .then([refuse](const node_info&) { refuse(); },
            [refuse, what](const caf::error& why) {
              if (code_of(why) != ec::protocol_violation)
                return refuse();
              what->promise.deliver(within("node " + what->address, why));
            });
}

void accept(dialer_pointer self, const dial_attempt_ptr& what,
            const caf::strong_actor_ptr& node,
            const std::set<std::string>& interface) {
  auto& system = self->system();
  auto expected = system.message_types<node_actor>();
  if (!node || !system.assignable(interface, expected))
    return ask_version(self, what, node);
  what->promise.deliver(caf::actor_cast<node_actor>(node));
}

void try_once(dialer_pointer self, const dial_attempt_ptr& what) {
  auto left =
      std::max(what->deadline - clock::now(), clock::duration{first_pause});
  self->request(what->middleman, left, caf::connect_atom::value,
                what->where.host, what->where.port)
      .then(
          [=](const caf::node_id&, const caf::strong_actor_ptr& node,
              const std::set<std::string>& interface) {
            accept(self, what, node, interface);
          },
          [=](const caf::error& why) {
            if (clock::now() + what->pause >= what->deadline)
              return give_up(*what, why);
            self->delayed_send(self, what->pause, what);
            what->pause = std::min(2 * what->pause, longest_pause);
          });
}

} // namespace

caf::error check(const credentials& what) {
  if (what.empty())
    return caf::none;
  if (what.certificate.empty() || what.key.empty() || what.authority.empty())
    return fail(ec::invalid_argument,
                "TLS needs certificate, key and authority, all three");
  for (auto* path : {&what.certificate, &what.key, &what.authority})
    if (!std::ifstream{*path})
      return fail(ec::invalid_argument, "cannot read the TLS file {}", *path);
  return caf::none;
}

system_config::system_config(size_t threads, const credentials& who,
                             std::chrono::milliseconds lease) {
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", threads);
  set("middleman.workers", size_t{0});
  // The same for every version, so that versions can be told to people.
  set("middleman.app-identifiers", std::vector<std::string>{"nnactor"});
  // Beats go out in any case: whether silence counts is for others to say.
  set("middleman.heartbeat-interval", caf::timespan{heartbeat});
  if (lease.count() > 0)
    set("middleman.connection-timeout", caf::timespan{lease});
  set("logger.verbosity", caf::atom("quiet"));
  guard_against_peers();
  load<caf::io::middleman>();
  if (!who.empty()) {
    openssl_certificate = who.certificate;
    openssl_key = who.key;
    openssl_cafile = who.authority;
    keep_tls_errors_apart();
    load<caf::openssl::manager>();
  }
  nnactor::add_message_types(*this);
}

namespace {

template <class Handle>
result<uint16_t> publish_any(const Handle& what, const host_port& where,
                             const credentials& who) {
  if (who.empty() && !is_loopback(where.host))
    return fail(ec::invalid_argument,
                "listening on {} without TLS would let anyone on the network "
                "in; give --certificate, --key and --authority, or listen on "
                "127.0.0.1",
                where.host);
  // Connections that ended a moment ago keep nobody from the port; whoever
  // listens there does.
  constexpr auto reuse = true;
  auto* host = where.host.c_str();
  auto port = who.empty()
                  ? caf::io::publish(what, where.port, host, reuse)
                  : caf::openssl::publish(what, where.port, host, reuse);
  if (!port)
    return fail(ec::port_in_use,
                "cannot listen on {}: the port is in use or the address is "
                "not of this machine; choose another, or port 0 for any",
                to_string(where));
  return *port;
}

} // namespace

result<uint16_t> publish(const node_actor& node, const host_port& where,
                         const credentials& who) {
  return publish_any(node, where, who);
}

result<uint16_t> publish(const control_actor& control, const host_port& where,
                         const credentials& who) {
  return publish_any(control, where, who);
}

void unpublish(const control_actor& control, uint16_t port) {
  static_cast<void>(caf::io::unpublish(control, port));
}

namespace {

caf::io::middleman_actor middleman_of(caf::actor_system& system,
                                      const credentials& who) {
  return who.empty() ? system.middleman().actor_handle()
                     : system.openssl_manager().actor_handle();
}

} // namespace

result<control_actor> dial_control(caf::scoped_actor& self,
                                   const std::string& address,
                                   const credentials& who,
                                   std::chrono::milliseconds patience) {
  auto where = parse_address(address);
  if (!where)
    return where.error();
  result<control_actor> out = fail(ec::unreachable, "{}", address);
  auto& system = self->system();
  self->request(middleman_of(system, who), patience, caf::connect_atom::value,
                where->host, where->port)
      .receive(
          [&](const caf::node_id&, const caf::strong_actor_ptr& found,
              const std::set<std::string>& interface) {
            auto expected = system.message_types<control_actor>();
            if (found && system.assignable(interface, expected))
              out = caf::actor_cast<control_actor>(found);
            else
              out = fail(ec::protocol_violation,
                         "{} answers, but is neither a run nor a node of this "
                         "version of nnactor",
                         address);
          },
          [&](const caf::error& why) {
            out = fail(ec::unreachable,
                       "cannot reach a run at {} ({}); `nnactor run` prints "
                       "the address when the network is on its nodes",
                       address, explain(why));
          });
  return out;
}

network_dialer_actor::behavior_type run_dialer(dialer_pointer self,
                                               credentials who) {
  auto middleman = middleman_of(self->system(), who);
  return {
      [=](dial_atom, const std::string& address,
          uint32_t timeout) -> caf::result<node_actor> {
        auto where = parse_address(address);
        if (!where)
          return where.error();
        auto what = std::make_shared<dial_attempt>();
        what->address = address;
        what->where = *where;
        what->deadline = clock::now() + std::chrono::milliseconds{timeout};
        what->middleman = middleman;
        what->promise = self->make_response_promise<node_actor>();
        try_once(self, what);
        return what->promise;
      },
      [=](const dial_attempt_ptr& what) { try_once(self, what); },
  };
}

} // namespace nnactor
