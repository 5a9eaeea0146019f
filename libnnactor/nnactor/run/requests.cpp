#include "nnactor/run/requests.hpp"

#include "nnactor/json_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace nnactor {

void reply::tell(const nlohmann::json& answer) const {
  if (promise_)
    promise_->deliver(json_text(answer));
}

void reply::refuse(const caf::error& why) const {
  if (promise_)
    promise_->deliver(why);
  else
    refused_(why);
}

std::optional<request> request_queue::take(uint64_t step, bool last) {
  auto due = std::ranges::find_if(
      all_, [&](const request& x) { return last || x.not_before <= step; });
  if (due == all_.end())
    return std::nullopt;
  auto out = std::move(*due);
  all_.erase(due);
  return out;
}

uint64_t request_queue::next_due(uint64_t step) const {
  auto nearest = std::numeric_limits<uint64_t>::max();
  for (auto& x : all_)
    nearest = std::min(nearest, std::max(x.not_before, step));
  return nearest;
}

void request_queue::refuse_all(const caf::error& why) {
  for (auto& x : std::exchange(all_, {}))
    x.shell.refuse(why);
}

} // namespace nnactor
