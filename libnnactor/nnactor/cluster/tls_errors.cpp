#include "nnactor/cluster/tls_errors.hpp"

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace nnactor {

void keep_tls_errors_apart() {
}

} // namespace nnactor

extern "C" __attribute__((visibility("default"))) int
SSL_get_error(const SSL* connection, int returned) {
  using function = int (*)(const SSL*, int);
  static auto next =
      reinterpret_cast<function>(dlsym(RTLD_NEXT, "SSL_get_error"));
  auto what = next(connection, returned);
  ERR_clear_error();
  return what;
}
