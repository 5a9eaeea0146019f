#include "connection.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

namespace nnactor::test {

tls_identity::tls_identity(const std::string& folder, const std::string& name)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  auto file = folder + "/" + name;
  REQUIRE(SSL_CTX_use_certificate_chain_file(get(), (file + ".pem").c_str())
          == 1);
  REQUIRE(SSL_CTX_use_PrivateKey_file(get(), (file + ".key").c_str(),
                                      SSL_FILETYPE_PEM)
          == 1);
}

connection::connection(uint16_t port, const tls_identity* who)
    : file_(new int{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)},
            [](int* file) {
              close(*file);
              delete file;
            }) {
  REQUIRE(*file_ >= 0);
  signal(SIGPIPE, SIG_IGN); // OpenSSL cannot be told otherwise.
  auto most = timeval{10, 0};
  setsockopt(*file_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
  setsockopt(*file_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
  sockaddr_in where = {};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connect(*file_, reinterpret_cast<sockaddr*>(&where), sizeof(where));
  if (who == nullptr)
    return;
  tls_.reset(SSL_new(who->get()), SSL_free);
  SSL_set_fd(tls_.get(), *file_);
  SSL_connect(tls_.get());
  ERR_clear_error();
}

connection::~connection() = default;

bool connection::open() const {
  auto state = pollfd{*file_, POLLRDHUP, 0};
  return poll(&state, 1, 0) == 0;
}

void connection::send(const std::string& bytes) {
  if (bytes.empty())
    return;
  if (!tls_) {
    static_cast<void>(::send(*file_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    return;
  }
  SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
  ERR_clear_error();
}

std::string connection::receive() {
  std::string out(4096, '\0');
  auto got = tls_ ? SSL_read(tls_.get(), out.data(), 4096)
                  : static_cast<int>(recv(*file_, out.data(), 4096, 0));
  ERR_clear_error();
  out.resize(static_cast<size_t>(std::max(got, 0)));
  return out;
}

void connection::drain() {
  char chunk[65536];
  // The bytes themselves, whatever TLS makes of them.
  while (recv(*file_, chunk, sizeof(chunk), MSG_DONTWAIT) > 0) {
  }
}

} // namespace nnactor::test
