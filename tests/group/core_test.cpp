#include "nnactor/group/core.hpp"

#include "group/fixture.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

TEST_CASE("a core ends whatever it does when it is told to") {
  actor_world world;
  // Whether it starts, looks for work, spins or sleeps just then is chance.
  for (int i = 0; i < 3000; ++i)
    core{world.system(), std::nullopt,
         i % 2 == 0 ? core_use::device : core_use::storage};
}
