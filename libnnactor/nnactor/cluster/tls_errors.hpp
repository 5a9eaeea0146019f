#pragma once

#include <cstdint>
#include <string>

using SSL = struct ssl_st;

namespace nnactor {

/// Whatever goes wrong on one TLS connection ends that connection alone, and
/// certificates are only good for the hosts that they name.
///
/// OpenSSL keeps errors in a queue per thread and takes a connection that only
/// has nothing to read for broken while an older error is in there, whosever it
/// was; CAF 0.17 serves all connections on one thread and leaves the queue as
/// it is. So a stranger who sends junk, or a peer that ends without a goodbye,
/// would cut every other connection. It looks at no names, either. Nothing to
/// do but link: a call of this is what puts our `SSL_get_error` and
/// `SSL_connect` into the program, where they come before OpenSSL's, which they
/// call.
void keep_tls_errors_apart();

/// Remembers under which host a port of these numbers is called, which is whom
/// its certificate must be for. Threads may call this at any time.
void expect_host(const std::string& numbers, uint16_t port,
                 const std::string& host);

/// What is said of somebody who has no idea of TLS.
constexpr auto* no_tls = "it does not speak TLS";

/// Says why a handshake has failed, of the other side: "its certificate has
/// expired". Empty if the other side has only gone.
/// @param error The last of OpenSSL's queue.
std::string fault_of_handshake(const SSL* connection, unsigned long error);

} // namespace nnactor
