#include "nnactor/error.hpp"

#include <caf/atom.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <iterator>

namespace nnactor {

namespace {

constexpr const char* descriptions[] = {
    "no error",          "invalid configuration",
    "invalid argument",  "invalid data",
    "invalid network",   "invalid partition",
    "port in use",       "unreachable",
    "node lost",         "protocol violation",
    "timeout",           "store not writable",
    "store missing",     "store damaged",
    "training diverged", "device failure",
    "internal error",    "store taken over",
    "refused",
};

static_assert(std::size(descriptions) == static_cast<size_t>(ec::count_));

constexpr auto category = caf::atom("nnactor");

} // namespace

const char* to_string(ec code) {
  auto index = static_cast<size_t>(code);
  return index < std::size(descriptions) ? descriptions[index]
                                         : "unknown error";
}

caf::error make_error(ec code) {
  return make_error(code, to_string(code));
}

caf::error make_error(ec code, std::string sentence) {
  return {static_cast<uint8_t>(code), category,
          caf::make_message(std::move(sentence))};
}

ec code_of(const caf::error& what) {
  if (!what)
    return ec::none;
  if (what == caf::sec::request_timeout)
    return ec::timeout;
  if (what == caf::sec::request_receiver_down)
    return ec::node_lost;
  if (what.category() != category)
    return ec::internal;
  return static_cast<ec>(what.code());
}

namespace {

/// CAF has names for what goes wrong, not words.
std::string words_of(caf::sec code) {
  using caf::sec;
  switch (code) {
  case sec::request_timeout:
    return "no answer in time";
  case sec::request_receiver_down:
    return "ended before it answered";
  case sec::cannot_connect_to_node:
    return "nobody answers";
  case sec::disconnect_during_handshake:
  case sec::socket_disconnected:
    return "the connection was closed";
  case sec::connection_timeout:
    return "it has been silent for too long";
  case sec::no_route_to_receiving_node:
  case sec::remote_linking_failed:
  case sec::remote_lookup_failed:
  case sec::cannot_forward_to_invalid_actor:
    return "the connection is lost";
  case sec::no_actor_published_at_port:
    return "nothing is offered on that port";
  case sec::redundant_connection:
    return "there is a connection with it already";
  case sec::cannot_open_port:
  case sec::network_syscall_failed:
  case sec::socket_invalid:
  case sec::socket_operation_failed:
  case sec::invalid_protocol_family:
  case sec::unavailable_or_would_block:
    return "the system does not allow the connection";
  case sec::unexpected_message:
  case sec::unexpected_response:
  case sec::unexpected_actor_messaging_interface:
  case sec::end_of_stream:
  case sec::unknown_type:
  case sec::incompatible_versions:
  case sec::incompatible_application_ids:
  case sec::malformed_basp_message:
  case sec::serializing_basp_payload_failed:
    return "it speaks another language; use the same version of nnactor on "
           "every machine";
  default:
    return fmt::format("something went wrong inside nnactor (number {})",
                       static_cast<int>(code));
  }
}

} // namespace

std::string explain(const caf::error& what) {
  if (!what)
    return to_string(ec::none);
  if (what.category() == category) {
    if (what.context().match_elements<std::string>())
      return what.context().get_as<std::string>(0);
    return to_string(static_cast<ec>(what.code()));
  }
  if (what.category() == caf::atom("system"))
    return words_of(static_cast<caf::sec>(what.code()));
  if (what.category() == caf::atom("exit"))
    return "it has ended";
  return fmt::format("something went wrong inside nnactor (number {})",
                     what.code());
}

caf::error within(const std::string& place, const caf::error& what) {
  return make_error(code_of(what), place + ": " + explain(what));
}

} // namespace nnactor
