#include "nnactor/run/requests.hpp"

#include "nnactor/error.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;

namespace {

request due_at(uint64_t step, int& refusals) {
  return {{}, reply{[&refusals](const caf::error&) { ++refusals; }}, step};
}

} // namespace

TEST_CASE("requests wait for their step, in the order in which they came") {
  int refusals = 0;
  request_queue all;
  CHECK(all.next_due(3) == std::numeric_limits<uint64_t>::max());
  all.add(due_at(8, refusals));
  all.add(due_at(0, refusals));
  all.add(due_at(5, refusals));
  CHECK(all.next_due(3) == 3);
  CHECK(all.take(3, false)->not_before == 0);
  CHECK(!all.take(3, false));
  CHECK(all.next_due(3) == 5);
  // No step comes after this one.
  CHECK(all.take(3, true)->not_before == 8);
  all.refuse_all(fail(ec::unreachable, "over"));
  CHECK(refusals == 1);
  CHECK(all.empty());
}
