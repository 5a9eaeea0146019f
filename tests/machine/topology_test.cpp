#include "nnactor/machine/topology.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace nnactor;

TEST_CASE("a machine has cores, each once, and memory") {
  auto machine = look_at_machine();
  REQUIRE_MESSAGE(machine, explain(machine.error()));
  CHECK(machine->memory > 0);
  REQUIRE(!machine->cores.empty());
  std::set<uint32_t> cpus;
  for (auto& x : machine->cores) {
    cpus.insert(x.cpu);
    CHECK(x.threads >= 1);
    CHECK(x.l2_cores <= machine->cores.size());
    CHECK(x.l3_cores <= machine->cores.size());
    // Each level holds more than the one before, as far as both are known.
    CHECK((x.l1 == 0 || x.l2 == 0 || x.l1 <= x.l2));
  }
  CHECK(cpus.size() == machine->cores.size());
}

TEST_CASE("GPUs are described, where there are any") {
  auto gpus = find_gpus();
  if (gpus.empty()) {
    MESSAGE("skipped: there is no GPU here");
    return;
  }
  for (auto& x : gpus) {
    CHECK(!x.name.empty());
    CHECK(x.multiprocessors > 0);
    CHECK(x.memory > x.l2);
  }
}
