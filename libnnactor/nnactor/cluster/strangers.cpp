#include "nnactor/cluster/strangers.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>

namespace nnactor {

void strangers::arrived(int64_t connection, time_point when) {
  since_[connection] = when;
}

std::vector<int64_t> strangers::dismiss(std::span<const int64_t> now_strange,
                                        time_point now, size_t room) {
  std::map<int64_t, time_point> still;
  std::vector<int64_t> oldest;
  for (auto connection : now_strange) {
    auto known = since_.find(connection);
    still[connection] = known == since_.end() ? now : known->second;
    oldest.push_back(connection);
  }
  since_.swap(still);
  std::ranges::stable_sort(
      oldest, {}, [this](int64_t connection) { return since_[connection]; });
  auto stay = oldest.begin();
  while (stay != oldest.end()
         && (static_cast<size_t>(oldest.end() - stay) > room
             || now - since_[*stay] > defaults::introduction_timeout))
    ++stay;
  return {oldest.begin(), stay};
}

} // namespace nnactor
