#include "nnactor/cluster/certificates.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>

#include <cstring>
#include <ctime>
#include <vector>

namespace nnactor {

namespace {

template <auto Function>
struct releaser {
  template <class T>
  void operator()(T* what) const {
    Function(what);
  }
};

void free_stack(STACK_OF(X509) * what) {
  sk_X509_free(what);
}

using x509_ptr = std::unique_ptr<X509, releaser<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, releaser<EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, releaser<BIO_free_all>>;
using stack_ptr = std::unique_ptr<STACK_OF(X509), releaser<free_stack>>;
using names_ptr = std::unique_ptr<GENERAL_NAMES, releaser<GENERAL_NAMES_free>>;

/// Nobody is there to type one.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

result<std::string> read_text(const char* what, const std::string& path) {
  auto cannot = [&] {
    return fail(ec::invalid_argument, "cannot read the {} {}: {}", what, path,
                strerror(errno));
  };
  auto file = std::unique_ptr<std::FILE, releaser<std::fclose>>{
      std::fopen(path.c_str(), "rb")};
  if (!file)
    return cannot();
  std::string text;
  char chunk[4096];
  while (auto got = std::fread(chunk, 1, sizeof(chunk), file.get()))
    text.append(chunk, got);
  if (std::ferror(file.get()) != 0)
    return cannot();
  return text;
}

bio_ptr open_text(const std::string& text) {
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// All certificates in a file, of which there must be one.
result<std::vector<x509_ptr>> read_certificates(const char* what,
                                                const std::string& path) {
  auto text = read_text(what, path);
  if (!text)
    return text.error();
  auto in = open_text(*text);
  std::vector<x509_ptr> out;
  while (auto* one =
             PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr))
    out.emplace_back(one);
  ERR_clear_error();
  if (!out.empty())
    return out;
  auto swapped = text->find("PRIVATE KEY-----") != std::string::npos;
  return fail(ec::invalid_argument, "the {} {} holds {}; {}", what, path,
              swapped ? "a key" : "no certificate in PEM form",
              swapped ? "give the key with --key"
                      : "it must have a line -----BEGIN CERTIFICATE-----");
}

result<key_ptr> read_key(const std::string& path) {
  auto text = read_text("key", path);
  if (!text)
    return text.error();
  auto in = open_text(*text);
  key_ptr out{
      PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr)};
  ERR_clear_error();
  if (out)
    return out;
  if (text->find("ENCRYPTED") != std::string::npos)
    return fail(ec::invalid_argument,
                "the key {} wants a passphrase, and nobody is there to type "
                "it; take it off with `openssl pkey -in {} -out NEW`",
                path, path);
  return fail(ec::invalid_argument,
              "the key {} holds no private key in PEM form; it must have a "
              "line -----BEGIN PRIVATE KEY-----",
              path);
}

std::string date_of(const ASN1_TIME* when) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(when, &parts) != 1)
    return "an unknown date";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                     parts.tm_min);
}

caf::error check_dates(const char* what, const std::string& path,
                       const X509* certificate) {
  auto* end = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(end) < 0)
    return fail(ec::invalid_argument,
                "the {} {} has expired on {}; make a new one", what, path,
                date_of(end));
  auto* begin = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(begin) > 0)
    return fail(ec::invalid_argument,
                "the {} {} is not valid before {}; is the clock of this "
                "machine right?",
                what, path, date_of(begin));
  return caf::none;
}

/// What OpenSSL thinks of it as one end of a connection.
int verify(const std::vector<x509_ptr>& own,
           const std::vector<x509_ptr>& trusted, int purpose) {
  auto store =
      std::unique_ptr<X509_STORE, releaser<X509_STORE_free>>{X509_STORE_new()};
  for (auto& x : trusted)
    X509_STORE_add_cert(store.get(), x.get());
  stack_ptr between{sk_X509_new_null()};
  for (auto& x : own)
    sk_X509_push(between.get(), x.get());
  auto context = std::unique_ptr<X509_STORE_CTX, releaser<X509_STORE_CTX_free>>{
      X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store.get(), own.front().get(),
                      between.get());
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  auto fine = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  return fine ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

caf::error check_files(const credentials& what) {
  auto own = read_certificates("certificate", what.certificate);
  if (!own)
    return own.error();
  auto key = read_key(what.key);
  if (!key)
    return key.error();
  auto authority = read_certificates("authority", what.authority);
  if (!authority)
    return authority.error();
  if (X509_check_private_key(own->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return fail(ec::invalid_argument,
                "the key {} does not belong to the certificate {}; give the "
                "one that it was made with",
                what.key, what.certificate);
  }
  for (auto& x : *own)
    if (auto err = check_dates("certificate", what.certificate, x.get()))
      return err;
  for (auto& x : *authority)
    if (auto err = check_dates("authority", what.authority, x.get()))
      return err;
  for (auto purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT})
    if (auto found = verify(*own, *authority, purpose); found != X509_V_OK)
      return fail(ec::invalid_argument,
                  "the certificate {} {} with the authority {}; give the "
                  "authority that has signed it",
                  what.certificate, fault_of_certificate(found),
                  what.authority);
  return caf::none;
}

} // namespace

caf::error check(const credentials& what) {
  if (what.empty())
    return caf::none;
  if (what.certificate.empty() || what.key.empty() || what.authority.empty())
    return fail(ec::invalid_argument,
                "TLS needs certificate, key and authority, all three");
  if (auto err = check_files(what))
    return err;
  auto context = make_tls_context(what);
  return context ? caf::none : context.error();
}

std::string exposure_of(const credentials& what) {
  struct stat found = {};
  if (what.key.empty() || stat(what.key.c_str(), &found) != 0
      || (found.st_mode & (S_IRWXG | S_IRWXO)) == 0)
    return {};
  return fmt::format("others on this machine may read the key {}; take that "
                     "from them with chmod 600",
                     what.key);
}

result<tls_context> make_tls_context(const credentials& what) {
  auto context = tls_context{SSL_CTX_new(TLS_method()), SSL_CTX_free};
  if (what.empty()) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return context;
  }
  auto cannot = [](const std::string& path) {
    auto why = ERR_peek_last_error();
    ERR_clear_error();
    auto* reason = ERR_reason_error_string(why);
    return fail(ec::invalid_argument, "{} cannot be used for TLS: {}", path,
                reason != nullptr ? reason : "OpenSSL does not say why");
  };
  if (SSL_CTX_use_certificate_chain_file(context.get(),
                                         what.certificate.c_str())
      != 1)
    return cannot(what.certificate);
  if (SSL_CTX_use_PrivateKey_file(context.get(), what.key.c_str(),
                                  SSL_FILETYPE_PEM)
      != 1)
    return cannot(what.key);
  if (SSL_CTX_load_verify_locations(context.get(), what.authority.c_str(),
                                    nullptr)
      != 1)
    return cannot(what.authority);
  SSL_CTX_set_verify(context.get(),
                     SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  return context;
}

std::string fault_of_certificate(int verification) {
  switch (verification) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return "has expired";
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return "is not valid yet";
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    return "is signed by another authority";
  case X509_V_ERR_HOSTNAME_MISMATCH:
    return "is for other hosts";
  default:
    return fmt::format("is not to be believed ({})",
                       X509_verify_cert_error_string(verification));
  }
}

bool is_for_host(const X509* certificate, const std::string& host) {
  auto* found =
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr);
  names_ptr names{static_cast<GENERAL_NAMES*>(found)};
  auto names_hosts = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    auto kind = sk_GENERAL_NAME_value(names.get(), i)->type;
    names_hosts = names_hosts || kind == GEN_DNS || kind == GEN_IPADD;
  }
  if (!names_hosts)
    return true;
  // What OpenSSL only reads, it takes as something to write to.
  auto* readable = const_cast<X509*>(certificate);
  return X509_check_ip_asc(readable, host.c_str(), 0) == 1
         || X509_check_host(readable, host.data(), host.size(),
                            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr)
                == 1;
}

} // namespace nnactor
