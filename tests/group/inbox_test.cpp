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

/// Edges without delays.
std::vector<edge> from(const std::vector<group_id>& ids) {
  std::vector<edge> out;
  for (auto id : ids)
    out.push_back({id});
  return out;
}

float first_value(const tensor& x) {
  return x.values<float>()[0];
}

} // namespace

TEST_CASE("tensors come back in the order of senders, not of arrival") {
  inbox box{from({7, 3, 5})};
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
  inbox box{from({1, 2})};
  box.put(work(0), 1, ramp({1, 1}, 10));
  CHECK(box.put(work(0), 1, ramp({1, 1}, 99)) == outcome::duplicate);
  box.put(work(0), 2, ramp({1, 1}, 20));
  CHECK(first_value(box.take(work(0))->front()) == 10);
  CHECK(box.put(work(0), 2, ramp({1, 1}, 99)) == outcome::duplicate);
  CHECK(!box.missing());
}

TEST_CASE("labels are waited for unless a question is answered") {
  inbox box{from({7, group_graph::target_group})};
  auto question = work_id{1, 0, phase::infer, 0};
  CHECK(box.expected(question) == 1);
  CHECK(box.put(question, 7, ramp({1, 1}, 7)) == outcome::complete);
  auto asked = box.take(question);
  REQUIRE(asked);
  CHECK(first_value(asked->front()) == 7);
  CHECK(asked->back().empty());
  for (auto why : {phase::train, phase::evaluate}) {
    auto told = work_id{1, 0, why, 0};
    CHECK(box.put(told, 7, ramp({1, 1}, 7)) == outcome::waiting);
    CHECK(box.missing()->second == group_graph::target_group);
    CHECK(box.put(told, group_graph::target_group, ramp({1, 1}, 1))
          == outcome::complete);
    CHECK(first_value(box.take(told)->back()) == 1);
  }
}

TEST_CASE("labels of every time step are waited for") {
  inbox box{from({7, group_graph::target_group})};
  auto later = work_id{1, 0, phase::train, 0, 2};
  CHECK(box.expected(later) == 2);
  CHECK(box.put(later, 7, ramp({1, 1}, 7)) == outcome::waiting);
  CHECK(box.put(later, group_graph::target_group, ramp({1, 1}, 1))
        == outcome::complete);
}

TEST_CASE("strangers leave no trace") {
  inbox box{from({1, 2})};
  CHECK(box.put(work(0), 3, ramp({1, 1})) == outcome::stranger);
  CHECK(!box.missing());
}

TEST_CASE("steps that are over are forgotten, later ones are kept") {
  inbox box{from({1, 2})};
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

TEST_CASE("what was taken is remembered, but not for ever") {
  inbox box{from({1})};
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
    inbox box{from(ids)};
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
  inbox box{{{7, 0}, {8, 1}}, direction::forward, 4};
  auto at = [](uint32_t time) { return work_id{1, 0, phase::train, 1, time}; };
  auto put = [&](uint32_t time, group_id sender) {
    auto due = box.due(at(time), sender);
    return due ? box.put(*due, sender, ramp({1, 1}, 1)) : outcome::stranger;
  };
  CHECK(box.expected(at(0)) == 1);
  CHECK(box.expected(at(1)) == 2);
  // The first time step of a micro-batch waits for nothing earlier.
  CHECK(put(0, 7) == outcome::complete);
  auto first = box.take(at(0));
  REQUIRE(first);
  CHECK_FALSE((*first)[0].empty());
  CHECK((*first)[1].empty());
  CHECK(put(1, 7) == outcome::waiting);
  CHECK(box.missing()->second == 8);
  CHECK(put(0, 8) == outcome::complete);
  CHECK(box.take(at(1)));
  // What the last time step gives is not for the next micro-batch.
  CHECK_FALSE(box.due(at(3), 8));
  CHECK(box.due(at(3), 7) == at(3));
}

TEST_CASE("gradients come from time steps that are later") {
  inbox box{{{7, 0}, {8, 2}}, direction::backward, 3};
  auto at = [](uint32_t time) { return work_id{1, 0, phase::train, 0, time}; };
  CHECK(box.expected(at(0)) == 2);
  CHECK(box.expected(at(2)) == 1);
  CHECK(box.due(at(2), 8) == at(0));
  CHECK_FALSE(box.due(at(0), 8));
}

TEST_CASE("there is nothing due of a time step that examples do not have") {
  inbox forward{{{7, 0}, {8, 1}}, direction::forward, 3};
  inbox backward{{{7, 0}, {8, 1}}, direction::backward, 3};
  for (uint32_t time : {3u, 4u, 0x80000000u, 0xffffffffu})
    for (group_id sender : {7, 8})
      for (auto* box : {&forward, &backward})
        CHECK_FALSE(box->due({1, 0, phase::train, 0, time}, sender));
}
