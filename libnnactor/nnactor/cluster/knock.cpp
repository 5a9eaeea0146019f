#include "nnactor/cluster/knock.hpp"

#include "nnactor/cluster/tls_errors.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

// A node greets whoever connects at once; who listens for TLS is silent.
constexpr auto greeting_patience = std::chrono::milliseconds{1000};

// How soon who waits notices that it need not any more.
constexpr auto glance = std::chrono::milliseconds{100};

class socket_file {
public:
  explicit socket_file(int fd) : fd_(fd) {
  }
  socket_file(const socket_file&) = delete;
  socket_file& operator=(const socket_file&) = delete;
  ~socket_file() {
    if (fd_ >= 0)
      close(fd_);
  }

  int get() const {
    return fd_;
  }

private:
  int fd_;
};

constexpr auto most_cut_off = 4;

using socket_ptr = std::shared_ptr<socket_file>;
using ssl_ptr = std::unique_ptr<SSL, decltype(&SSL_free)>;
using addresses_ptr = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

caf::error no_answer() {
  return fail(ec::unreachable, "no answer in time");
}

caf::error closed() {
  return fail(ec::node_lost, "the connection was closed");
}

/// Waits until something can be read or written, not beyond `until`.
bool await(int fd, short events, clock::time_point until, const knocking& how) {
  while (clock::now() < until && !(how.stop && *how.stop)) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<clock::duration>(glance, until - clock::now()));
    auto ready = pollfd{fd, events, 0};
    if (poll(&ready, 1, static_cast<int>(left.count())) > 0)
      return true;
  }
  return false;
}

/// Of a socket that could not be connected.
caf::error failed_with(int error) {
  if (error == ECONNREFUSED)
    return fail(ec::unreachable, "nobody listens there");
  return fail(ec::unreachable, "{}", strerror(error));
}

result<socket_ptr> connect_to(const std::string& numbers, uint16_t port,
                              clock::time_point until, const knocking& how) {
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(numbers.c_str(), std::to_string(port).c_str(), &hints, &found)
      != 0)
    return no_answer();
  addresses_ptr where{found, freeaddrinfo};
  auto out = std::make_shared<socket_file>(
      socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (out->get() < 0)
    return failed_with(errno);
  if (connect(out->get(), where->ai_addr, where->ai_addrlen) == 0)
    return out;
  if (errno != EINPROGRESS)
    return failed_with(errno);
  if (!await(out->get(), POLLOUT, until, how))
    return no_answer();
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(out->get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? result<socket_ptr>{out} : failed_with(error);
}

/// Goes on with `call` until it is through; returns what went wrong.
template <class Call>
caf::error carry_on(SSL* connection, const Call& call, clock::time_point until,
                    const knocking& how) {
  for (;;) {
    ERR_clear_error();
    auto done = call(connection);
    if (done > 0)
      return caf::none;
    // Cleared by `SSL_get_error`, see there.
    auto last = ERR_peek_last_error();
    auto what = SSL_get_error(connection, done);
    if (what != SSL_ERROR_WANT_READ && what != SSL_ERROR_WANT_WRITE) {
      auto why = fault_of_handshake(connection, last);
      return why.empty() ? closed() : fail(ec::refused, "{}", why);
    }
    auto events = what == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (!await(SSL_get_fd(connection), static_cast<short>(events), until, how))
      return no_answer();
  }
}

/// Ends a connection that came to nothing, but lets the other side read what we
/// sent, so that it can tell why: what is left unread here would tear it down.
void leave_in_order(int fd, const knocking& how) {
  shutdown(fd, SHUT_WR);
  auto until = std::min(how.deadline, clock::now() + greeting_patience);
  char rest[512];
  while (await(fd, POLLIN, until, how) && recv(fd, rest, sizeof(rest), 0) > 0) {
  }
}

/// Shakes hands. Only who has read the first bytes after that knows that the
/// other side accepts our certificate.
caf::error try_tls(const socket_file& file, SSL_CTX* context,
                   clock::time_point until, const knocking& how) {
  ssl_ptr connection{SSL_new(context), SSL_free};
  SSL_set_fd(connection.get(), file.get());
  if (auto err = carry_on(connection.get(), SSL_connect, until, how)) {
    leave_in_order(file.get(), how);
    return err;
  }
  auto peek = [](SSL* x) {
    char first = 0;
    return SSL_peek(x, &first, 1);
  };
  auto err = carry_on(connection.get(), peek, until, how);
  SSL_shutdown(connection.get());
  return err;
}

/// Whether TLS is spoken where nobody says anything first: so it is where a
/// stranger's greeting is answered by the choice of a cipher, or by an alert.
bool speaks_tls(const std::string& numbers, const knocking& how) {
  auto until = std::min(how.deadline, clock::now() + greeting_patience);
  auto file = connect_to(numbers, how.where.port, until, how);
  auto stranger = make_tls_context({});
  if (!file || !stranger)
    return false;
  ssl_ptr connection{SSL_new(stranger->get()), SSL_free};
  SSL_set_fd(connection.get(), (*file)->get());
  auto err = carry_on(connection.get(), SSL_connect, until, how);
  return SSL_get_current_cipher(connection.get()) != nullptr
         || (code_of(err) == ec::refused && explain(err) != no_tls);
}

/// How whoever connects is greeted: what is there, if anything comes in time.
struct greeting {
  bool silent = true;
  std::optional<char> first; ///< None where the connection was closed.
};

greeting greeting_of(int fd, clock::time_point until, const knocking& how) {
  if (!await(fd, POLLIN, until, how))
    return {};
  char first = 0;
  if (recv(fd, &first, 1, MSG_PEEK) != 1)
    return {false, std::nullopt};
  return {false, first};
}

/// Whether whoever connects is greeted in plain text.
bool greets(const std::string& numbers, const knocking& how) {
  auto until = std::min(how.deadline, clock::now() + greeting_patience);
  auto file = connect_to(numbers, how.where.port, until, how);
  return file && greeting_of((*file)->get(), until, how).first;
}

caf::error try_plain(const socket_file& file, const std::string& numbers,
                     const knocking& how) {
  auto until = std::min(how.deadline, clock::now() + greeting_patience);
  auto [silent, first] = greeting_of(file.get(), until, how);
  if (!first && speaks_tls(numbers, how))
    return fail(ec::refused,
                "it speaks TLS; give --certificate, --key and --authority");
  if (silent)
    return caf::none; // A busy node, perhaps: CAF waits longer.
  if (!first)
    return closed();
  // A greeting of CAF begins with a zero.
  if (*first != 0)
    return fail(ec::refused, "what answers is no node of nnactor");
  return caf::none;
}

caf::error try_once_at(const std::string& numbers, clock::time_point until,
                       const knocking& how) {
  auto file = connect_to(numbers, how.where.port, until, how);
  if (!file)
    return file.error();
  return how.tls ? try_tls(**file, how.tls.get(), until, how)
                 : try_plain(**file, numbers, how);
}

/// CAF cuts off a newcomer now and then, with whom it had that number before.
caf::error try_at(const std::string& numbers, clock::time_point until,
                  const knocking& how) {
  expect_host(numbers, how.where.port, how.where.host);
  auto err = try_once_at(numbers, until, how);
  for (int i = 0; i < most_cut_off && code_of(err) == ec::node_lost; ++i)
    err = try_once_at(numbers, until, how);
  // It may have cut us off before we could read how it greets.
  if (how.tls && code_of(err) == ec::node_lost && greets(numbers, how))
    return fail(ec::refused, "{}", no_tls);
  return err;
}

} // namespace

result<std::vector<std::string>> look_up(const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  auto failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed == EAI_AGAIN)
    return fail(ec::unreachable, "nobody can say now which host '{}' is", host);
  if (failed != 0)
    return fail(ec::invalid_argument, "there is no host '{}'", host);
  addresses_ptr all{found, freeaddrinfo};
  std::vector<std::string> out;
  for (auto* x = all.get(); x != nullptr; x = x->ai_next) {
    char text[NI_MAXHOST] = {};
    getnameinfo(x->ai_addr, x->ai_addrlen, text, sizeof(text), nullptr, 0,
                NI_NUMERICHOST);
    if (std::ranges::find(out, text) == out.end())
      out.emplace_back(text);
  }
  return out;
}

result<std::string> knock(const knocking& how) {
  auto all = look_up(how.where.host);
  if (!all)
    return all.error();
  caf::error last = no_answer();
  for (size_t i = 0; i < all->size(); ++i) {
    // One that is silent leaves time for the others.
    auto now = clock::now();
    auto until = now + (how.deadline - now) / static_cast<int>(all->size() - i);
    last = try_at((*all)[i], until, how);
    if (!last)
      return (*all)[i];
  }
  return last;
}

} // namespace nnactor
