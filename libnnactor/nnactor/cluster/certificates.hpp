#pragma once

#include "nnactor/credentials.hpp"
#include "nnactor/error.hpp"

#include <memory>
#include <string>

using SSL_CTX = struct ssl_ctx_st;
using X509 = struct x509_st;

namespace nnactor {

/// Fails unless the three files can be read, the key belongs to the
/// certificate, the authority has signed it and all are good today; none at all
/// are fine. CAF would fall back to anonymous encryption, or abort. The
/// sentence names the file and what to do.
caf::error check(const credentials& what);

/// What an operator should hear of a key that others on this machine can read;
/// empty if nobody can.
std::string exposure_of(const credentials& what);

/// What both ends of a connection are opened with.
using tls_context = std::shared_ptr<SSL_CTX>;

/// Loads credentials, as CAF does for itself; without any, what a stranger has.
result<tls_context> make_tls_context(const credentials& what);

/// Says of a certificate what keeps it from being believed, as OpenSSL has
/// found it: "has expired".
std::string fault_of_certificate(int verification);

/// Whether a certificate is good for a host. One that names hosts is good for
/// those, one that names none for all.
bool is_for_host(const X509* certificate, const std::string& host);

} // namespace nnactor
