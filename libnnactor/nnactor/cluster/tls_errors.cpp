#include "nnactor/cluster/tls_errors.hpp"

#include "nnactor/address.hpp"
#include "nnactor/cluster/certificates.hpp"
#include "nnactor/cluster/next_function.hpp"
#include "nnactor/cluster/refusals.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <map>
#include <mutex>

namespace nnactor {

namespace {

/// Under which hosts ports are called that this process connects to.
struct called_hosts {
  std::mutex mutex;
  std::map<std::string, std::string> by_numbers;

  static called_hosts& instance() {
    static called_hosts one;
    return one;
  }
};

/// The host that was called on this connection.
std::string host_of(const SSL* connection) {
  auto peer = peer_of(SSL_get_fd(connection));
  if (!peer)
    return {};
  auto& all = called_hosts::instance();
  auto lock = std::lock_guard{all.mutex};
  auto found = all.by_numbers.find(to_string(*peer));
  return found == all.by_numbers.end() ? peer->host : found->second;
}

/// Called for every certificate from the authority's down to the peer's own.
int verify_host(int fine, X509_STORE_CTX* what) {
  if (fine != 1 || X509_STORE_CTX_get_error_depth(what) > 0)
    return fine;
  auto* connection = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(what, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (is_for_host(X509_STORE_CTX_get0_cert(what), host_of(connection)))
    return 1;
  X509_STORE_CTX_set_error(what, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

void forget_peer(void*, void* peer, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<host_port*>(peer);
}

/// Where a connection comes from, which is not to be found out any more when it
/// has gone.
const host_port& remembered_peer(SSL* connection) {
  static auto slot =
      SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, forget_peer);
  if (auto* known = SSL_get_ex_data(connection, slot))
    return *static_cast<host_port*>(known);
  auto* peer = new host_port{
      peer_of(SSL_get_fd(connection)).value_or(host_port{"somewhere", 0})};
  SSL_set_ex_data(connection, slot, peer);
  return *peer;
}

/// Tells why a connection that somebody else has opened comes to nothing.
void look_at(SSL* connection, int returned) {
  if (SSL_is_server(connection) == 0 || SSL_is_init_finished(connection) != 0)
    return;
  auto& peer = remembered_peer(connection);
  if (returned != SSL_ERROR_SSL)
    return;
  auto why = fault_of_handshake(connection, ERR_peek_last_error());
  if (!why.empty())
    tell_refusal(peer, why);
}

} // namespace

void keep_tls_errors_apart() {
}

void expect_host(const std::string& numbers, uint16_t port,
                 const std::string& host) {
  auto& all = called_hosts::instance();
  auto lock = std::lock_guard{all.mutex};
  all.by_numbers[to_string(host_port{numbers, port})] = host;
}

std::string fault_of_handshake(const SSL* connection, unsigned long error) {
  auto verified = static_cast<int>(SSL_get_verify_result(connection));
  if (verified != X509_V_OK)
    return "its certificate " + fault_of_certificate(verified);
  switch (ERR_GET_REASON(error)) {
  case 0:
  case SSL_R_UNEXPECTED_EOF_WHILE_READING:
    return {};
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    return "it shows no certificate";
  case SSL_R_WRONG_VERSION_NUMBER:
  case SSL_R_HTTP_REQUEST:
  case SSL_R_HTTPS_PROXY_REQUEST:
  case SSL_R_PACKET_LENGTH_TOO_LONG:
  case SSL_R_BAD_PACKET_LENGTH:
  case SSL_R_RECORD_LENGTH_MISMATCH:
    return no_tls;
  case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    return "it takes our certificate for expired";
  case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
  case SSL_R_TLSV1_ALERT_DECRYPT_ERROR: // One of the same name.
    return "it does not believe the authority of our certificate";
  case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    return "it wants a certificate of us";
  case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
  case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    return "it does not accept our certificate";
  case SSL_R_UNSUPPORTED_PROTOCOL:
  case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    return "there is no version of TLS that both sides speak";
  default: {
    auto* reason = ERR_reason_error_string(error);
    return fmt::format("the handshake has failed ({})",
                       reason != nullptr ? reason : "for no reason told");
  }
  }
}

} // namespace nnactor

extern "C" __attribute__((visibility("default"))) int
SSL_get_error(const SSL* connection, int returned) {
  using function = int (*)(const SSL*, int);
  static auto next = nnactor::next_function<function>("SSL_get_error");
  auto what = next(connection, returned);
  nnactor::look_at(const_cast<SSL*>(connection), what);
  ERR_clear_error();
  return what;
}

extern "C" __attribute__((visibility("default"))) int
SSL_connect(SSL* connection) {
  using function = int (*)(SSL*);
  static auto next = nnactor::next_function<function>("SSL_connect");
  if (SSL_in_before(connection) != 0
      && SSL_get_verify_mode(connection) != SSL_VERIFY_NONE)
    SSL_set_verify(connection, SSL_get_verify_mode(connection),
                   nnactor::verify_host);
  return next(connection);
}
