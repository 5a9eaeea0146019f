#include "nnactor/neuron/neuron_set.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <iterator>
#include <set>

using namespace nnactor;

namespace {

/// Draws ids that are dense enough to touch and overlap.
std::vector<neuron_id> any_ids() {
  return *rc::gen::container<std::vector<neuron_id>>(
      rc::gen::inRange<neuron_id>(0, 60));
}

std::vector<neuron_id> members(const neuron_set& xs) {
  std::vector<neuron_id> ids;
  for (uint64_t slot = 0; slot < xs.size(); ++slot)
    ids.push_back(xs.id_at(slot));
  return ids;
}

bool is_normal(const neuron_set& xs) {
  for (size_t i = 0; i < xs.intervals().size(); ++i) {
    const auto& x = xs.intervals()[i];
    if (x.begin >= x.end || (i > 0 && xs.intervals()[i - 1].end >= x.begin))
      return false;
  }
  return true;
}

/// Compares an operation on neuron sets with the standard algorithm.
template <class Operation, class Standard>
bool agrees(Operation operation, Standard standard) {
  auto a = any_ids();
  auto b = any_ids();
  std::set<neuron_id> x(a.begin(), a.end());
  std::set<neuron_id> y(b.begin(), b.end());
  std::vector<neuron_id> expected;
  standard(x.begin(), x.end(), y.begin(), y.end(),
           std::back_inserter(expected));
  auto found = operation(neuron_set::of(a), neuron_set::of(b));
  RC_ASSERT(members(found) == expected);
  RC_ASSERT(is_normal(found));
  return true;
}

} // namespace

TEST_CASE("intervals are sorted, merged and rid of empty ones") {
  neuron_set xs{{{10, 12}, {3, 5}, {5, 7}, {11, 15}, {20, 20}, {30, 25}}};
  REQUIRE(xs.intervals().size() == 2);
  CHECK(xs.intervals()[0] == neuron_interval{3, 7});
  CHECK(xs.intervals()[1] == neuron_interval{10, 15});
  CHECK(xs.size() == 9);
}

TEST_CASE("an empty set holds nothing") {
  neuron_set xs;
  CHECK(xs.empty());
  CHECK_FALSE(xs.contains(0));
  CHECK(to_string(xs) == "none");
  CHECK(neuron_set::range(4, 4) == xs);
}

TEST_CASE("a set is written with both ends and cut after a limit") {
  neuron_set xs{{{0, 85}, {86, 87}, {90, 100}}};
  CHECK(to_string(xs) == "0-84,86,90-99");
  CHECK(to_string(xs, 2) == "0-84,86,...");
}

TEST_CASE("set algebra is that of the standard library") {
  CHECK(rc::check("unite", [] {
    return agrees(unite, [](auto... xs) { std::set_union(xs...); });
  }));
  CHECK(rc::check("intersect", [] {
    return agrees(intersect, [](auto... xs) { std::set_intersection(xs...); });
  }));
  CHECK(rc::check("subtract", [] {
    return agrees(subtract, [](auto... xs) { std::set_difference(xs...); });
  }));
}

TEST_CASE("slot_of and id_at are inverse") {
  CHECK(rc::check("every id of the set has its rank as slot", [] {
    auto ids = any_ids();
    auto xs = neuron_set::of(ids);
    std::set<neuron_id> expected(ids.begin(), ids.end());
    RC_ASSERT(xs.size() == expected.size());
    uint64_t rank = 0;
    for (auto id : expected) {
      RC_ASSERT(xs.slot_of(id) == std::optional{rank});
      RC_ASSERT(xs.id_at(rank) == id);
      ++rank;
    }
    for (neuron_id id = 0; id < 62; ++id)
      RC_ASSERT(xs.contains(id) == expected.contains(id));
  }));
}
