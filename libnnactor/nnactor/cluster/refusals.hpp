#pragma once

#include "nnactor/address.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace nnactor {

/// Whoever is at the other end of a socket; nothing if it has gone.
std::optional<host_port> peer_of(int socket);

/// Keeps those who are refused again and again from filling a log.
class refusal_log {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Returns the line to tell, or nothing: the same host for the same reason is
  /// told once in a while, and of many hosts only some.
  std::optional<std::string> add(const host_port& peer, const std::string& why,
                                 time_point now);

private:
  std::map<std::string, time_point> told_;
};

/// Hears of whom this process has refused and why, a line at a time. Called on
/// threads that must not wait.
using refusal_listener = std::function<void(const std::string&)>;
void listen_to_refusals(refusal_listener listener);

/// Tells the listener, if there is one. Any thread may call this.
void tell_refusal(const host_port& peer, const std::string& why);

} // namespace nnactor
