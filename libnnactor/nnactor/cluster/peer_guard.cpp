#include "nnactor/cluster/peer_guard.hpp"

#include "nnactor/cluster/decoding_limits.hpp"
#include "nnactor/cluster/next_function.hpp"
#include "nnactor/cluster/received_frame.hpp"
#include "nnactor/cluster/refusals.hpp"
#include "nnactor/cluster/strangers.hpp"
#include "nnactor/cluster/stream_limits.hpp"
#include "nnactor/defaults.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/session.hpp>

#include <sys/resource.h>
#include <sys/socket.h>

namespace nnactor {

namespace {

using caf::io::basp_broker;
using caf::io::connection_handle;
using caf::io::new_connection_msg;

// Whoever connects takes half of all open files at most.
size_t most_connections() {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0)
    return defaults::max_connections;
  return std::min<size_t>(defaults::max_connections, files.rlim_cur / 2);
}

// What CAF does to close a connection waits for the other end to do the same,
// who may never.
void disconnect(connection_handle connection) {
  shutdown(static_cast<int>(connection.id()), SHUT_RDWR);
}

// Every actor system has one thread for all its connections.
thread_local strangers unknown;

void cut_strangers(basp_broker& broker) {
  std::vector<int64_t> waiting;
  size_t introduced = 0;
  for (auto& connection : broker.connections()) {
    auto about = broker.ctx.find(connection);
    // Those that we call have a deadline of their own.
    if (about != broker.ctx.end() && about->second.callback)
      continue;
    if (broker.instance.tbl().lookup_direct(connection))
      ++introduced;
    else
      waiting.push_back(connection.id());
  }
  auto most = most_connections();
  auto room =
      std::min(defaults::max_strangers, most - std::min(most, introduced));
  for (auto id : unknown.dismiss(waiting, broker.clock().now(), room))
    disconnect(connection_handle::from_int(id));
}

void welcome(basp_broker& broker) {
  auto* what = broker.current_mailbox_element();
  if (what != nullptr && what->content().match_elements<new_connection_msg>())
    unknown.arrived(what->content().get_as<new_connection_msg>(0).handle.id(),
                    broker.clock().now());
  cut_strangers(broker);
}

} // namespace

void guard_against_peers() {
  limit_streams();
  limit_decoding();
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0)
    return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, defaults::max_files);
  setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace nnactor

namespace caf::io::basp {

connection_state instance::handle(execution_unit* context, new_data_msg& data,
                                  header& hdr, bool is_payload) {
  auto state = malformed_basp_message;
  try {
    nnactor::received_frame frame{*this, dynamic_cast<basp_broker&>(callee_),
                                  context, data};
    state = is_payload ? frame.take_payload(hdr) : frame.take_header(hdr);
  } catch (const std::exception&) {
    // Of this peer's making: refused like any other malformed frame.
  }
  if (requires_shutdown(state) && state != redundant_connection) {
    if (auto peer = nnactor::peer_of(static_cast<int>(data.handle.id())))
      nnactor::tell_refusal(*peer, "it sends what no node of nnactor sends");
    nnactor::disconnect(data.handle);
  }
  return state;
}

void instance::forward(execution_unit*, const node_id&, const header&,
                       std::vector<char>&) {
}

void instance::write_server_handshake(execution_unit* context,
                                      buffer_type& buffer,
                                      optional<uint16_t> port) {
  using function =
      void (*)(instance*, execution_unit*, buffer_type&, optional<uint16_t>);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf2io4basp8instance22write_server_handshakeEPNS_14execution_"
      "unitERSt6vectorIcSaIcEENS_8optionalItEE");
  next(this, context, buffer, port);
  if (auto* broker = dynamic_cast<basp_broker*>(&callee_))
    nnactor::welcome(*broker);
}

void instance::send_heartbeats(execution_unit* context) {
  using function = void (*)(instance*, execution_unit*);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf2io4basp8instance15send_heartbeatsEPNS_14execution_unitE");
  next(this, context);
  if (auto* broker = dynamic_cast<basp_broker*>(&callee_))
    nnactor::cut_strangers(*broker);
}

} // namespace caf::io::basp

namespace caf::io {

void basp_broker::on_exit() {
  using function = void (*)(basp_broker*);
  static auto next =
      nnactor::next_function<function>("_ZN3caf2io11basp_broker7on_exitEv");
  // What they have yet to be sent would keep the process.
  for (auto& connection : connections())
    if (!instance.tbl().lookup_direct(connection))
      nnactor::disconnect(connection);
  next(this);
}

void basp_broker::connection_cleanup(connection_handle connection, sec why) {
  using function = void (*)(basp_broker*, connection_handle, sec);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf2io11basp_broker18connection_cleanupENS0_17connection_handleENS_"
      "3secE");
  if (why == sec::connection_timeout)
    nnactor::disconnect(connection);
  next(this, connection, why);
}

} // namespace caf::io

namespace caf::openssl {

session_ptr make_session(actor_system& system, io::network::native_socket file,
                         bool accepted) {
  using function =
      session_ptr (*)(actor_system&, io::network::native_socket, bool);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf7openssl12make_sessionERNS_12actor_systemEib");
  try {
    return next(system, file, accepted);
  } catch (const std::exception&) {
    // Its files cannot be read, now that somebody connects.
    return nullptr;
  }
}

} // namespace caf::openssl
