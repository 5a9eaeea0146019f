#include "nnactor/cluster/strangers.hpp"
#include "nnactor/defaults.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace std::chrono_literals;

namespace {

using numbers = std::vector<int64_t>;

const auto start = strangers::time_point{} + 1h;

} // namespace

TEST_CASE("strangers have some time to introduce themselves") {
  strangers all;
  all.arrived(7, start);
  CHECK(all.dismiss(numbers{7}, start + 9s, 10).empty());
  all.arrived(8, start + 9s);
  CHECK(all.dismiss(numbers{7, 8}, start + 11s, 10) == numbers{7});
  // 7 has gone, and the number is somebody else's now.
  all.arrived(7, start + 11s);
  CHECK(all.dismiss(numbers{7, 8}, start + 18s, 10).empty());
  // 8 has introduced itself.
  CHECK(all.dismiss(numbers{7}, start + 20s, 10).empty());
  CHECK(all.dismiss(numbers{7}, start + 22s, 10) == numbers{7});
}

TEST_CASE("where strangers are too many, the oldest go") {
  strangers all;
  numbers now;
  for (int64_t i = 0; i < 5; ++i) {
    all.arrived(10 - i, start + i * 1ms);
    now.push_back(10 - i);
  }
  CHECK(all.dismiss(now, start + 5ms, 5).empty());
  CHECK(all.dismiss(now, start + 5ms, 3) == numbers{10, 9});
  CHECK(all.dismiss(now, start + 5ms, 0).size() == 5);
}
