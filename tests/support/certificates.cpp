#include "support/certificates.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>

#include <cstdio>
#include <memory>

namespace nnactor::test {

namespace {

using file_ptr = std::unique_ptr<std::FILE, decltype(&std::fclose)>;
using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using x509_ptr = std::unique_ptr<X509, decltype(&X509_free)>;

file_ptr open(const std::string& path, const char* how) {
  file_ptr out{std::fopen(path.c_str(), how), std::fclose};
  REQUIRE(out);
  return out;
}

void add_extension(X509* to, int kind, const std::string& value) {
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

x509_ptr fill_in(EVP_PKEY* key, const certificate_wish& how) {
  x509_ptr out{X509_new(), X509_free};
  X509_set_version(out.get(), 2);
  uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(out.get()), serial);
  X509_time_adj_ex(X509_getm_notBefore(out.get()), how.first_day, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(out.get()), how.last_day, 0, nullptr);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(how.name.c_str()), -1, -1, 0);
  X509_set_pubkey(out.get(), key);
  if (!how.hosts.empty())
    add_extension(out.get(), NID_subject_alt_name,
                  fmt::format("{}", fmt::join(how.hosts, ",")));
  return out;
}

void write(const std::string& prefix, X509* certificate, EVP_PKEY* key) {
  PEM_write_X509(open(prefix + ".pem", "w").get(), certificate);
  PEM_write_PrivateKey(open(prefix + ".key", "w").get(), key, nullptr, nullptr,
                       0, nullptr, nullptr);
  REQUIRE(chmod((prefix + ".key").c_str(), 0600) == 0);
}

} // namespace

void make_authority(const std::string& prefix, const certificate_wish& how) {
  key_ptr key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  auto out = fill_in(key.get(), how);
  X509_set_issuer_name(out.get(), X509_get_subject_name(out.get()));
  add_extension(out.get(), NID_basic_constraints, "critical,CA:TRUE");
  REQUIRE(X509_sign(out.get(), key.get(), EVP_sha256()) > 0);
  write(prefix, out.get(), key.get());
}

void make_certificate(const std::string& prefix, const std::string& authority,
                      const certificate_wish& how) {
  x509_ptr issuer{PEM_read_X509(open(authority + ".pem", "r").get(), nullptr,
                                nullptr, nullptr),
                  X509_free};
  key_ptr signer{PEM_read_PrivateKey(open(authority + ".key", "r").get(),
                                     nullptr, nullptr, nullptr),
                 EVP_PKEY_free};
  REQUIRE(issuer);
  REQUIRE(signer);
  key_ptr key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  auto out = fill_in(key.get(), how);
  X509_set_issuer_name(out.get(), X509_get_subject_name(issuer.get()));
  REQUIRE(X509_sign(out.get(), signer.get(), EVP_sha256()) > 0);
  write(prefix, out.get(), key.get());
}

} // namespace nnactor::test
