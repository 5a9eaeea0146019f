#include "nnactor/cluster/network_access.hpp"

#include "nnactor/cluster/knock.hpp"
#include "nnactor/cluster/peer_guard.hpp"
#include "nnactor/cluster/tls_errors.hpp"
#include "nnactor/defaults.hpp"

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

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
  knocking how;
  std::chrono::milliseconds pause = first_pause;
  caf::io::middleman_actor middleman;
  caf::typed_response_promise<node_actor> promise;
};

namespace {

using dialer_pointer = network_dialer_actor::stateful_pointer<dialer_state>;

/// Null without credentials. Files are read again for every connection, as CAF
/// does, so that they can be replaced.
result<tls_context> context_of(const credentials& who) {
  return who.empty() ? tls_context{} : make_tls_context(who);
}

/// Whether it makes no sense to try again.
bool is_final(const caf::error& why) {
  auto code = code_of(why);
  return code == ec::refused || code == ec::invalid_argument;
}

void give_up(dial_attempt& what, const caf::error& why) {
  if (is_final(why))
    what.promise.deliver(fail(code_of(why), "cannot reach node {}: {}",
                              what.address, explain(why)));
  else
    what.promise.deliver(fail(
        ec::unreachable,
        "cannot reach node {} ({}); is `nnactor node --listen {}{}` "
        "running there?",
        what.address, explain(why), what.address,
        what.how.tls ? " --certificate ... --key ... --authority ..." : ""));
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
  auto found = caf::actor_cast<node_actor>(node);
  self->monitor(found);
  self->state.met[what->address] = found;
  what->promise.deliver(found);
}

void try_again(dialer_pointer self, const dial_attempt_ptr& what,
               const caf::error& why) {
  if (is_final(why) || clock::now() + what->pause >= what->how.deadline)
    return give_up(*what, why);
  self->delayed_send(self, what->pause, what);
  what->pause = std::min(2 * what->pause, longest_pause);
}

void connect(dialer_pointer self, const dial_attempt_ptr& what,
             const std::string& numbers) {
  auto left =
      std::max(what->how.deadline - clock::now(), clock::duration{first_pause});
  self->request(what->middleman, left, caf::connect_atom::value, numbers,
                what->how.where.port)
      .then(
          [=](const caf::node_id&, const caf::strong_actor_ptr& node,
              const std::set<std::string>& interface) {
            accept(self, what, node, interface);
          },
          [=](const caf::error& why) { try_again(self, what, why); });
}

/// Knocks on a thread of its own.
caf::behavior knock_once(caf::event_based_actor* self, const knocking& how) {
  return {
      [=](dial_atom) -> caf::result<std::string> {
        self->quit();
        auto numbers = knock(how);
        if (!numbers)
          return numbers.error();
        return *numbers;
      },
  };
}

void try_once(dialer_pointer self, const dial_attempt_ptr& what) {
  auto visitor = self->spawn<caf::detached>(knock_once, what->how);
  self->request(visitor, caf::infinite, dial_atom::value)
      .then([=](const std::string& numbers) { connect(self, what, numbers); },
            [=](const caf::error& why) { try_again(self, what, why); });
}

} // namespace

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

/// The numbers of a host on which we may listen.
result<std::vector<std::string>> listening_numbers(const host_port& where,
                                                   const credentials& who) {
  auto all = look_up(where.host);
  if (!all)
    return fail(ec::invalid_argument, "cannot listen on {}: {}",
                to_string(where), explain(all.error()));
  if (who.empty() && !std::ranges::all_of(*all, is_loopback))
    return fail(ec::invalid_argument,
                "listening on {} without TLS would let anyone on the network "
                "in; give --certificate, --key and --authority, or listen on "
                "127.0.0.1",
                where.host);
  return all;
}

template <class Handle>
result<uint16_t> publish_any(const Handle& what, const host_port& where,
                             const credentials& who) {
  auto all = listening_numbers(where, who);
  if (!all)
    return all.error();
  // Connections that ended a moment ago keep nobody from the port; whoever
  // listens there does.
  constexpr auto reuse = true;
  for (auto& numbers : *all) {
    auto* host = numbers.c_str();
    auto port = who.empty()
                    ? caf::io::publish(what, where.port, host, reuse)
                    : caf::openssl::publish(what, where.port, host, reuse);
    if (port)
      return *port;
  }
  return fail(ec::port_in_use,
              "cannot listen on {}: the port is in use or the address is not "
              "of this machine; choose another, or port 0 for any",
              to_string(where));
}

} // namespace

caf::error may_listen(const host_port& where, const credentials& who) {
  auto numbers = listening_numbers(where, who);
  return numbers ? caf::none : numbers.error();
}

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
  auto cannot = [&](const caf::error& why) {
    if (is_final(why))
      return fail(code_of(why), "cannot reach a run at {}: {}", address,
                  explain(why));
    return fail(ec::unreachable,
                "cannot reach a run at {} ({}); `nnactor run` prints the "
                "address when the network is on its nodes",
                address, explain(why));
  };
  auto tls = context_of(who);
  if (!tls)
    return tls.error();
  auto numbers = knock({*where, *tls, clock::now() + patience});
  if (!numbers)
    return cannot(numbers.error());
  result<control_actor> out = fail(ec::unreachable, "{}", address);
  auto& system = self->system();
  self->request(middleman_of(system, who), patience, caf::connect_atom::value,
                *numbers, where->port)
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
          [&](const caf::error& why) { out = cannot(why); });
  return out;
}

network_dialer_actor::behavior_type run_dialer(dialer_pointer self,
                                               credentials who) {
  auto middleman = middleman_of(self->system(), who);
  self->set_down_handler([self](const caf::down_msg& lost) {
    std::erase_if(self->state.met, [&](const auto& x) {
      return x.second.address() == lost.source;
    });
  });
  return {
      [=](dial_atom, const std::string& address,
          uint32_t timeout) -> caf::result<node_actor> {
        auto& met = self->state.met;
        if (auto known = met.find(address); known != met.end())
          return known->second;
        auto where = parse_address(address);
        if (!where)
          return where.error();
        auto tls = context_of(who);
        if (!tls)
          return tls.error();
        auto what = std::make_shared<dial_attempt>();
        what->address = address;
        what->how = {*where, *tls,
                     clock::now() + std::chrono::milliseconds{timeout},
                     self->state.stop};
        what->middleman = middleman;
        what->promise = self->make_response_promise<node_actor>();
        try_once(self, what);
        return what->promise;
      },
      [=](const dial_attempt_ptr& what) { try_once(self, what); },
  };
}

} // namespace nnactor
