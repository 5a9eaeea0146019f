#include "nnactor/neuron/neuron_directory.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

using namespace nnactor;

namespace {

std::vector<uint64_t> any_shares() {
  auto shares = *rc::gen::container<std::vector<uint64_t>>(
      *rc::gen::inRange(1, 12), rc::gen::inRange<uint64_t>(0, 40));
  ++shares[*rc::gen::inRange<size_t>(0, shares.size())];
  return shares;
}

std::optional<uint64_t> any_key() {
  return *rc::gen::maybe(rc::gen::arbitrary<uint64_t>())
             ? std::optional{*rc::gen::arbitrary<uint64_t>()}
             : std::nullopt;
}

/// Every neuron is where the directory says, and nobody else is there.
void check_consistent(const neuron_directory& all) {
  std::set<std::pair<server_index, uint64_t>> taken;
  std::vector<neuron_id> ids(all.neurons());
  for (neuron_id id = 0; id < all.neurons(); ++id) {
    ids[id] = id;
    auto place = all.place_of(id);
    RC_ASSERT(place.server == all.owner(id));
    RC_ASSERT(taken.emplace(place.server, place.slot).second);
    RC_ASSERT(all.neuron_at(place) == std::optional{id});
  }
  std::vector<server_index> owners(ids.size());
  all.owners(ids, owners);
  for (auto id : ids)
    RC_ASSERT(owners[id] == all.owner(id));
}

} // namespace

TEST_CASE("every neuron has one owner and one slot, and the way back") {
  CHECK(rc::check([] {
    auto shares = any_shares();
    neuron_directory all{shares, any_key()};
    check_consistent(all);
    std::vector<uint64_t> counted(shares.size());
    for (neuron_id id = 0; id < all.neurons(); ++id)
      ++counted[all.owner(id)];
    RC_ASSERT(counted == shares);
    for (server_index s = 0; s < shares.size(); ++s)
      RC_ASSERT(!all.neuron_at({s, shares[s]}));
  }));
}

TEST_CASE("moves are as if every neuron had been written down") {
  CHECK(rc::check([] {
    auto shares = any_shares();
    neuron_directory all{shares, any_key()};
    neuron_directory told{std::move(shares), std::nullopt};
    std::map<neuron_id, server_index> expected;
    for (neuron_id id = 0; id < all.neurons(); ++id)
      expected[id] = all.owner(id);
    auto moves = *rc::gen::inRange(0, 12);
    for (int i = 0; i < moves; ++i) {
      auto begin = *rc::gen::inRange<uint64_t>(0, all.neurons());
      auto end = *rc::gen::inRange<uint64_t>(begin + 1, all.neurons() + 1);
      auto to = *rc::gen::inRange<server_index>(0, all.servers());
      auto what = all.move({begin, end}, to);
      RC_ASSERT(told.apply(what));
      RC_ASSERT(!told.apply(what));
      for (auto id = begin; id < end; ++id)
        expected[id] = to;
      check_consistent(all);
    }
    for (auto [id, owner] : expected)
      RC_ASSERT(all.owner(id) == owner);
  }));
}

TEST_CASE("what another server tells is checked") {
  neuron_directory all{{10, 10}, 7};
  CHECK(!all.apply({{0, 1}, 2, 0}));
  CHECK(!all.apply({{5, 5}, 1, 0}));
  CHECK(!all.apply({{5, 21}, 1, 0}));
  CHECK(!all.apply({{0, 1}, 1, 1}));
  CHECK(all.apply({{0, 1}, 1, 0}));
  CHECK(all.owner(0) == 1);
}

TEST_CASE("500 billion neurons on 10,000 servers take no more than 200 kB") {
  constexpr uint64_t neurons = 530'000'000'000;
  neuron_directory all{std::vector<uint64_t>(10000, neurons / 10000), 1};
  CHECK(all.bytes() <= 200'000);
  CHECK(neuron_move::wire_bytes <= 64);
  std::vector<uint64_t> counted(10000);
  for (neuron_id id = 0; id < neurons; id += neurons / 200'000) {
    auto place = all.place_of(id);
    REQUIRE(all.neuron_at(place) == std::optional{id});
    ++counted[place.server];
  }
  // About 20 each: a regular pattern of ids must not hit servers unevenly.
  for (auto count : counted)
    CHECK(count < 60);
  // A move of ten times a server's share.
  all.move({1'000'000'000, 1'530'000'000}, 3);
  CHECK(all.owner(1'200'000'000) == 3);
  CHECK(all.bytes() <= 400'000);
}

TEST_CASE("the directory is the same on every machine") {
  neuron_directory all{std::vector<uint64_t>(1000, 1'000'000), 42};
  std::vector<server_index> owners;
  for (neuron_id id : {0, 1, 2, 999'999'999})
    owners.push_back(all.owner(id));
  CHECK(owners == std::vector<server_index>{713, 431, 391, 76});
  CHECK(all.place_of(0).slot == 857018);
}
