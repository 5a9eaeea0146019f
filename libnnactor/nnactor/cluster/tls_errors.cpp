#include "nnactor/cluster/tls_errors.hpp"

#include "nnactor/cluster/next_function.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace nnactor {

void keep_tls_errors_apart() {
}

} // namespace nnactor

extern "C" __attribute__((visibility("default"))) int
SSL_get_error(const SSL* connection, int returned) {
  using function = int (*)(const SSL*, int);
  static auto next = nnactor::next_function<function>("SSL_get_error");
  auto what = next(connection, returned);
  ERR_clear_error();
  return what;
}
