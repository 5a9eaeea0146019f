#include "nnactor/run/comebacks.hpp"

#include <algorithm>

namespace nnactor {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr comebacks::duration first_pause = seconds{1};
constexpr comebacks::duration longest_pause = seconds{10};

// Of one that was lost again; doubles each time.
constexpr comebacks::duration first_away = seconds{10};
constexpr comebacks::duration longest_away = minutes{10};

// Of one that answered, but could not be set up: everybody waits for that.
constexpr comebacks::duration first_refusal = seconds{30};

// Who serves for so many times as long as it had to stay away is trusted again.
constexpr int trusted = 10;

} // namespace

void comebacks::lose(const std::string& address, time now) {
  auto [at, first] = all_.try_emplace(address);
  auto& x = at->second;
  auto soon = !first && now - x.since < trusted * std::max(x.away, first_away);
  x.away = soon ? std::clamp(2 * x.away, first_away, longest_away)
                : duration::zero();
  x.lost = true;
  x.pause = first_pause;
  x.next = now + std::max(x.away, x.pause);
}

void comebacks::take_back(const std::string& address, time now) {
  if (auto at = all_.find(address); at != all_.end() && at->second.lost) {
    at->second.lost = false;
    at->second.since = now;
    at->second.why = ec::none;
  }
}

void comebacks::forget(const std::string& address) {
  all_.erase(address);
}

std::optional<std::string> comebacks::due(time now) const {
  for (auto& [address, x] : all_)
    if (x.lost && x.next <= now)
      return address;
  return std::nullopt;
}

void comebacks::miss(const std::string& address, time now) {
  if (auto at = all_.find(address); at != all_.end()) {
    auto& x = at->second;
    x.next = now + x.pause;
    x.pause = std::min(2 * x.pause, longest_pause);
  }
}

bool comebacks::refuse(const std::string& address, ec why, time now) {
  auto at = all_.find(address);
  if (at == all_.end())
    return false;
  auto& x = at->second;
  x.away = std::clamp(2 * x.away, first_refusal, longest_away);
  x.next = now + x.away;
  auto news = x.why != why;
  x.why = why;
  return news;
}

} // namespace nnactor
