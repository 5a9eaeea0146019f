#include "nnactor/cluster/refusals.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <mutex>

namespace nnactor {

namespace {

// Whoever is refused tries again and again.
constexpr auto refusal_pause = std::chrono::seconds{10};
constexpr size_t most_in_a_pause = 10;

struct shared_log {
  std::mutex mutex;
  refusal_log lines;
  refusal_listener listener;

  static shared_log& instance() {
    static shared_log one;
    return one;
  }
};

} // namespace

std::optional<host_port> peer_of(int socket) {
  sockaddr_storage where = {};
  socklen_t size = sizeof(where);
  auto* any = reinterpret_cast<sockaddr*>(&where);
  if (getpeername(socket, any, &size) != 0)
    return std::nullopt;
  char text[INET6_ADDRSTRLEN] = {};
  if (where.ss_family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(where);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
    return host_port{text, ntohs(v4.sin_port)};
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(where);
  inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  return host_port{text, ntohs(v6.sin6_port)};
}

std::optional<std::string> refusal_log::add(const host_port& peer,
                                            const std::string& why,
                                            time_point now) {
  std::erase_if(told_,
                [&](const auto& x) { return now - x.second >= refusal_pause; });
  if (told_.size() >= most_in_a_pause
      || !told_.emplace(peer.host + " " + why, now).second)
    return std::nullopt;
  return fmt::format("refused a connection from {}: {}", to_string(peer), why);
}

void listen_to_refusals(refusal_listener listener) {
  auto& all = shared_log::instance();
  auto lock = std::lock_guard{all.mutex};
  all.listener = std::move(listener);
}

void tell_refusal(const host_port& peer, const std::string& why) {
  auto& all = shared_log::instance();
  auto lock = std::lock_guard{all.mutex};
  if (!all.listener)
    return;
  if (auto line = all.lines.add(peer, why, std::chrono::steady_clock::now()))
    all.listener(*line);
}

} // namespace nnactor
