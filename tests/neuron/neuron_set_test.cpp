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

/// A share of a range, perhaps an empty one.
shuffled_interval any_share(neuron_interval domain) {
  auto begin = *rc::gen::inRange<uint64_t>(0, domain.size() + 1);
  auto end = *rc::gen::inRange<uint64_t>(begin, domain.size() + 1);
  return {domain, *rc::gen::inRange<uint64_t>(0, 2), {begin, end}};
}

/// Draws a set of ids below 60, some of them by shuffled intervals whose
/// domains may collide with the rest.
neuron_set any_set() {
  auto xs = neuron_set::of(any_ids());
  switch (*rc::gen::inRange(0, 4)) {
  case 0:
    return xs;
  case 1:
    return neuron_set::of({}, {any_share({0, 60})});
  case 2:
    return neuron_set::of({{0, 10}}, {any_share({20, 40}), any_share({20, 40}),
                                      any_share({40, 60})});
  default:
    return neuron_set::of(xs.plain(), {any_share({20, 40})});
  }
}

/// The ids of a set, asked one by one.
std::set<neuron_id> contained(const neuron_set& xs) {
  std::set<neuron_id> out;
  for (neuron_id id = 0; id < 70; ++id)
    if (xs.contains(id))
      out.insert(id);
  return out;
}

/// Compares an operation on neuron sets with the standard algorithm.
template <class Operation, class Standard>
bool agrees(Operation operation, Standard standard) {
  auto a = any_set();
  auto b = any_set();
  auto x = contained(a);
  auto y = contained(b);
  std::vector<neuron_id> expected;
  standard(x.begin(), x.end(), y.begin(), y.end(),
           std::back_inserter(expected));
  auto found = operation(a, b);
  RC_ASSERT(members(found) == expected);
  RC_ASSERT(is_normal(found));
  RC_ASSERT(found == neuron_set::of(expected));
  RC_ASSERT(found.size() == expected.size());
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
  CHECK(rc::check("unite many", [] {
    auto all = *rc::gen::exec([] {
      std::vector<neuron_set> out(*rc::gen::inRange<size_t>(0, 5));
      std::ranges::generate(out, any_set);
      return out;
    });
    neuron_set expected;
    for (const auto& x : all)
      expected = unite(expected, x);
    auto found = unite_all(all);
    RC_ASSERT(is_normal(found));
    RC_ASSERT(found == expected);
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

TEST_CASE("a shuffled interval is a set like any other") {
  CHECK(rc::check("contains, slots, bounds and size agree", [] {
    auto xs = any_set();
    auto ids = contained(xs);
    RC_ASSERT(xs.size() == ids.size());
    RC_ASSERT((members(xs) == std::vector<neuron_id>{ids.begin(), ids.end()}));
    uint64_t slot = 0;
    for (auto id : ids) {
      RC_ASSERT(xs.slot_of(id) == slot++);
      RC_ASSERT(xs.bounds().begin <= id);
      RC_ASSERT(xs.bounds().end > id);
    }
    RC_ASSERT(!xs.slot_of(65));
  }));
}

TEST_CASE("shares of a range stay small, whatever their size") {
  auto [left, rest] =
      deal(neuron_set::range(1000, 2'000'000'000), 700'000'000, 7);
  auto [middle, right] = deal(rest, 600'000'000, 8);
  CHECK(left.size() == 700'000'000);
  CHECK(middle.size() == 600'000'000);
  CHECK(left.bytes() + middle.bytes() + right.bytes()
        == 3 * sizeof(shuffled_interval));
  for (neuron_id id = 1000; id < 2000; ++id)
    CHECK(left.contains(id) + middle.contains(id) + right.contains(id) == 1);
  CHECK(unite(unite(right, left), middle)
        == neuron_set::range(1000, 2'000'000'000));
  CHECK(intersect(left, neuron_set::range(0, 3'000'000'000)).bytes()
        == left.bytes());
  CHECK(intersect(left, neuron_set::range(0, 1000)).empty());
}

TEST_CASE("small sets are cut out of large ones at their very place") {
  std::vector<neuron_interval> plain;
  std::vector<shuffled_interval> shuffled;
  for (neuron_id first = 0; first < 4000; first += 40) {
    plain.push_back({first, first + 10});
    shuffled.push_back({{first + 20, first + 40}, first, {3, 8}});
  }
  auto all = neuron_set::of(plain, shuffled);
  for (neuron_id first = 0; first < 4000; first += 40) {
    auto part = intersect(all, neuron_set::range(first, first + 40));
    CHECK(part == neuron_set::of({plain[first / 40]}, {shuffled[first / 40]}));
    CHECK(part.shuffled().size() == 1);
    CHECK(intersect(neuron_set::range(first + 9, first + 11), all)
          == neuron_set::range(first + 9, first + 10));
    CHECK(intersect(all, neuron_set::range(first + 10, first + 20)).empty());
  }
}

TEST_CASE("dealing takes as many as it is told, and the rest is left") {
  CHECK(rc::check("taken and left are apart and whole", [] {
    auto from = any_set();
    auto count = *rc::gen::inRange<uint64_t>(0, from.size() + 1);
    auto [taken, left] = deal(from, count, *rc::gen::arbitrary<uint64_t>());
    RC_ASSERT(taken.size() == count);
    RC_ASSERT(unite(taken, left) == from);
    RC_ASSERT(intersect(taken, left).empty());
  }));
}
