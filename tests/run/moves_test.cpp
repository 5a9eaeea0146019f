#include "nnactor/run/moves.hpp"

#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

node_status status_of(group_id group, uint64_t version, uint64_t busy_ns) {
  node_status out;
  out.groups.emplace_back();
  out.groups[0].group = group;
  out.groups[0].version = version;
  out.groups[0].busy_ns = busy_ns;
  return out;
}

} // namespace

TEST_CASE("whoever leaves takes its number with it and its groups stay") {
  auto job = on_nodes(2, 1);
  command leave;
  leave.kind = command_kind::leave;
  auto planned = plan_move(job, leave, 0, 1);
  REQUIRE(planned);
  REQUIRE(planned->to.servers.size() == 2);
  CHECK(planned->to.servers[0].number == 2);
  CHECK(planned->to.next.where.nodes == 1);
  REQUIRE(!planned->transfers.empty());
  for (auto& x : planned->transfers) {
    CHECK(planned->between[x.from].number == 1);
    CHECK(planned->between[x.to].number == 2);
  }
}

TEST_CASE("a newcomer gets what belongs on it, and others keep theirs") {
  auto job = on_nodes(2, 1);
  auto empty = add_node({job.parts, job.graph, job.where}, 1);
  auto to = rearrangement{
      empty,
      {{"a:1", "", 1}, {"c:1", "", 3}, {"b:1", "", 2}, {"driver", "", 0}}};
  CHECK(plan_join(job, to, "c:1").transfers.empty());
  auto group = static_cast<group_id>(
      std::ranges::find(job.where.seats, node_index{0}, &placement::seat::node)
      - job.where.seats.begin());
  to.next.where.seats[group] = {1, 0};
  auto planned = plan_join(job, to, "c:1");
  REQUIRE(planned.transfers.size() == 1);
  CHECK(planned.transfers[0].group == group);
  CHECK(planned.between[planned.transfers[0].to].number == 3);
}

TEST_CASE("a group is as busy as its steps between two looks") {
  auto job = on_nodes(2, 1);
  node_statuses first = {status_of(2, 10, 1'000'000'000), status_of(3, 10, 0)};
  node_statuses second = {status_of(2, 14, 3'000'000'000), status_of(3, 10, 0)};
  auto busy = busy_between(job, first, second);
  REQUIRE(busy);
  CHECK((*busy)[2] == doctest::Approx(0.5));
  CHECK((*busy)[3] == 0);
  second[1].reset();
  auto why = busy_between(job, first, second);
  CHECK(code_of(why.error()) == ec::timeout);
  CHECK(explain(why.error()).find("node 2 (b:1)") != std::string::npos);
}
