#include "nnactor/defaults.hpp"
#include "nnactor/group/inbox.hpp"
#include "support/actors.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

using namespace nnactor;
using namespace nnactor::test;
using outcome = inbox::outcome;

namespace {

work_id work(uint64_t step, uint32_t micro_batch = 0) {
  return {1, step, phase::train, micro_batch};
}

float first_value(const tensor& x) {
  return x.values<float>()[0];
}

} // namespace

TEST_CASE("tensors come back in the order of senders, not of arrival") {
  inbox box{{7, 3, 5}};
  CHECK(box.put(work(0), 5, ramp({1, 1}, 5)) == outcome::waiting);
  CHECK(box.put(work(0), 7, ramp({1, 1}, 7)) == outcome::waiting);
  CHECK(!box.take(work(0)));
  CHECK(box.missing()->second == 3);
  CHECK(box.put(work(0), 3, ramp({1, 1}, 3)) == outcome::complete);
  auto values = box.take(work(0));
  REQUIRE(values);
  CHECK(first_value((*values)[0]) == 7);
  CHECK(first_value((*values)[1]) == 3);
  CHECK(first_value((*values)[2]) == 5);
  CHECK(!box.take(work(0)));
  CHECK(!box.missing());
}

TEST_CASE("a duplicate changes nothing, before or after its work is taken") {
  inbox box{{1, 2}};
  box.put(work(0), 1, ramp({1, 1}, 10));
  CHECK(box.put(work(0), 1, ramp({1, 1}, 99)) == outcome::duplicate);
  box.put(work(0), 2, ramp({1, 1}, 20));
  CHECK(first_value(box.take(work(0))->front()) == 10);
  CHECK(box.put(work(0), 2, ramp({1, 1}, 99)) == outcome::duplicate);
  CHECK(!box.missing());
}

TEST_CASE("strangers leave no trace") {
  inbox box{{1, 2}};
  CHECK(box.put(work(0), 3, ramp({1, 1})) == outcome::stranger);
  CHECK(!box.missing());
}

TEST_CASE("steps that are over are forgotten, later ones are kept") {
  inbox box{{1, 2}};
  box.put(work(3), 1, ramp({1, 1}));
  box.put(work(4), 1, ramp({1, 1}));
  box.put(work(5), 1, ramp({1, 1}));
  box.forget_before(4);
  CHECK(box.missing()->first == work(4));
  CHECK(box.put(work(4), 2, ramp({1, 1})) == outcome::complete);
  CHECK(box.put(work(5), 2, ramp({1, 1})) == outcome::complete);
  CHECK(box.complete_of(5) == std::vector{work(5)});
  CHECK(box.complete_of(3).empty());
}

TEST_CASE("more than can be in flight is remembered, but not for ever") {
  inbox box{{1}};
  auto last = static_cast<uint32_t>(defaults::remembered_work);
  for (uint32_t i = 0; i <= last; ++i) {
    box.put(work(0, i), 1, ramp({1, 1}));
    box.take(work(0, i));
  }
  CHECK(box.put(work(0, last), 1, ramp({1, 1})) == outcome::duplicate);
  CHECK(box.put(work(0, 1), 1, ramp({1, 1})) == outcome::duplicate);
  CHECK(box.put(work(0, 0), 1, ramp({1, 1})) == outcome::complete);
}

TEST_CASE("any order of arrival gives every micro-batch once and whole") {
  CHECK(rc::check([] {
    auto senders = *rc::gen::inRange<group_id>(1, 5);
    auto batches = *rc::gen::inRange<uint32_t>(1, 6);
    std::vector<group_id> ids;
    for (group_id i = 0; i < senders; ++i)
      ids.push_back(10 - i);
    inbox box{ids};
    // Everything twice, and some strangers.
    std::vector<std::pair<uint32_t, group_id>> arrivals;
    for (uint32_t m = 0; m < batches; ++m)
      for (auto id : ids)
        arrivals.insert(arrivals.end(), {{m, id}, {m, id}, {m, 77}});
    auto seed = *rc::gen::arbitrary<uint32_t>();
    std::shuffle(arrivals.begin(), arrivals.end(), std::mt19937{seed});
    std::set<uint32_t> done;
    std::set<std::pair<uint32_t, group_id>> seen;
    for (auto [m, id] : arrivals) {
      auto what = box.put(work(2, m), id,
                          ramp({1, 1}, static_cast<float>(100 * m + id)));
      if (id == 77) {
        RC_ASSERT(what == outcome::stranger);
        continue;
      }
      auto fresh = seen.emplace(m, id).second;
      RC_ASSERT(fresh == (what != outcome::duplicate));
      if (what != outcome::complete)
        continue;
      auto values = box.take(work(2, m));
      RC_ASSERT(values.has_value());
      RC_ASSERT(done.insert(m).second);
      for (size_t i = 0; i < ids.size(); ++i)
        RC_ASSERT(first_value((*values)[i])
                  == static_cast<float>(100 * m + ids[i]));
    }
    RC_ASSERT(done.size() == batches);
    RC_ASSERT(!box.missing());
  }));
}

TEST_CASE("an inbox with delays waits for what the time step needs") {
  // Of four time steps: sender 7 at once, sender 8 one later.
  inbox box{{7, 8}, {0, 1}, 4};
  auto at = [](uint32_t number) { return work(0, number); };
  auto put = [&](uint32_t number, group_id sender) {
    auto due = box.due(at(number), sender);
    return due ? box.put(*due, sender, ramp({1, 1}, 1)) : outcome::stranger;
  };
  CHECK(box.expected(at(4)) == 1);
  CHECK(box.expected(at(5)) == 2);
  // The first time step of the second micro-batch waits for nothing earlier.
  CHECK(put(4, 7) == outcome::complete);
  auto first = box.take(at(4));
  REQUIRE(first);
  CHECK((*first)[0].extent().size() > 0);
  CHECK((*first)[1].extent().size() == 0);
  CHECK(put(5, 7) == outcome::waiting);
  CHECK(box.missing()->second == 8);
  CHECK(put(4, 8) == outcome::complete);
  CHECK(box.take(at(5)));
  // What the last time step gives is not for the next micro-batch.
  CHECK_FALSE(box.due(at(7), 8));
  CHECK(box.due(at(7), 7) == at(7));
}

TEST_CASE("gradients come from time steps that are later") {
  inbox box{{7, 8}, {0, -2}, 3};
  auto first = work(0, 0);
  auto last = work(0, 2);
  CHECK(box.expected(first) == 2);
  CHECK(box.expected(last) == 1);
  CHECK(box.due(last, 8) == first);
  CHECK_FALSE(box.due(first, 8));
}
