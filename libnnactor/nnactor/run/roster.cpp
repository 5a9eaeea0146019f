#include "nnactor/run/roster.hpp"

#include <algorithm>

namespace nnactor {

roster::entry* roster::at(const std::string& address) {
  auto found = std::ranges::find(all_, address, &entry::address);
  return found != all_.end() ? &*found : nullptr;
}

void roster::serve(const std::vector<server>& servers) {
  for (auto& x : servers) {
    if (x.number == 0)
      continue;
    if (auto* known = at(x.address))
      known->now = fate::serves;
    else
      all_.push_back({x.number, x.address});
  }
  std::ranges::sort(all_, {}, &entry::number);
}

uint32_t roster::number_of(const std::string& address) const {
  auto found = std::ranges::find(all_, address, &entry::address);
  if (found != all_.end())
    return found->number;
  return all_.empty() ? 1 : all_.back().number + 1;
}

void roster::lose(const std::string& address, uint64_t step) {
  if (auto* known = at(address)) {
    known->now = fate::lost;
    known->step = step;
  }
}

void roster::let_go(const std::string& address, uint64_t step) {
  if (auto* known = at(address)) {
    known->now = fate::left;
    known->step = step;
  }
}

std::vector<roster::entry> roster::absent() const {
  std::vector<entry> out;
  std::ranges::copy_if(all_, std::back_inserter(out),
                       [](const entry& x) { return x.now != fate::serves; });
  return out;
}

bool roster::is_lost(const std::string& address) const {
  auto* known = look_up({0, address});
  return known != nullptr && known->now == fate::lost;
}

const roster::entry* roster::look_up(const node_name& whom) const {
  auto found = std::ranges::find_if(all_, [&](const entry& x) {
    return whom.number > 0 ? x.number == whom.number
                           : x.address == whom.address;
  });
  return found != all_.end() ? &*found : nullptr;
}

result<uint32_t> roster::find(const node_name& whom) const {
  auto* found = look_up(whom);
  if (found != nullptr && found->now == fate::serves)
    return found->number;
  if (found != nullptr)
    return fail(ec::invalid_argument, "{}", describe(*found));
  std::vector<std::string> there;
  for (auto& x : all_)
    if (x.now == fate::serves)
      there.push_back(fmt::format("{} ({})", x.number, x.address));
  return fail(ec::invalid_argument, "there is no node {}; the job has {}",
              to_string(whom), fmt::join(there, ", "));
}

std::string describe(const roster::entry& what) {
  auto name = name_of(server{what.address, {}, what.number});
  switch (what.now) {
  case roster::fate::lost:
    return fmt::format("{} was lost at step {}", name, what.step);
  case roster::fate::left:
    return fmt::format("{} left at step {}", name, what.step);
  default:
    return name;
  }
}

} // namespace nnactor
