#pragma once

namespace nnactor {

/// Whatever goes wrong on one TLS connection ends that connection alone.
///
/// OpenSSL keeps errors in a queue per thread and takes a connection that only
/// has nothing to read for broken while an older error is in there, whosever it
/// was; CAF 0.17 serves all connections on one thread and leaves the queue as
/// it is. So a stranger who sends junk, or a peer that ends without a goodbye,
/// would cut every other connection. Nothing to do but link: a call of this is
/// what puts our `SSL_get_error` into the program, where it comes before
/// OpenSSL's, which it calls and cleans up after.
void keep_tls_errors_apart();

} // namespace nnactor
