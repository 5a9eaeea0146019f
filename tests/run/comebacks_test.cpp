#include "nnactor/run/comebacks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// Seconds from now until an address is due.
int64_t wait(const comebacks& all, comebacks::time now) {
  for (int64_t i = 0; i < 100000; ++i)
    if (all.due(now + seconds{i}))
      return i;
  return -1;
}

} // namespace

TEST_CASE("who was lost is asked soon, then rarer") {
  comebacks all;
  comebacks::time now{};
  CHECK(!all.due(now));
  all.lose("a:1", now);
  CHECK(wait(all, now) == 1);
  for (int64_t expected : {1, 2, 4, 8, 10, 10}) {
    CHECK(*all.due(now + minutes{1}) == "a:1");
    all.miss("a:1", now);
    CHECK(wait(all, now) == expected);
  }
  all.take_back("a:1", now);
  CHECK(wait(all, now) == -1);
}

TEST_CASE("who is lost again and again stays away for longer each time") {
  comebacks all;
  comebacks::time now{};
  for (int64_t expected : {1, 10, 20, 40, 80, 160, 320, 600, 600}) {
    all.lose("a:1", now);
    CHECK(wait(all, now) == expected);
    now += seconds{expected};
    all.take_back("a:1", now);
    now += seconds{5};
  }
  // Who stayed for long is trusted again.
  now += minutes{101};
  all.lose("a:1", now);
  CHECK(wait(all, now) == 1);
}

TEST_CASE("why somebody cannot come is news once") {
  comebacks all;
  comebacks::time now{};
  all.lose("a:1", now);
  CHECK(all.refuse("a:1", ec::protocol_violation, now));
  CHECK(wait(all, now) == 30);
  CHECK(!all.refuse("a:1", ec::protocol_violation, now));
  CHECK(wait(all, now) == 60);
  CHECK(all.refuse("a:1", ec::store_missing, now));
  all.forget("a:1");
  CHECK(wait(all, now) == -1);
  CHECK(!all.refuse("a:1", ec::store_missing, now));
}
