#include "nnactor/run/membership.hpp"

#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;
using std::chrono::seconds;

namespace {

const membership::time outset{};

/// The job after nodes were lost.
deployment without(const deployment& job, const std::string& address) {
  auto to = survivors_of(job, {address}, 2);
  REQUIRE(to);
  auto out = job;
  out.servers = to->servers;
  out.where = to->next.where;
  return out;
}

} // namespace

TEST_CASE("groups go back to the node and the device where they were") {
  auto job = on_nodes(3, 2);
  for (auto* address : {"a:1", "b:1", "c:1"}) {
    homes all;
    all.lose(job, address);
    auto number =
        std::ranges::find(job.servers, address, &server::address)->number;
    auto back = all.welcome(without(job, address), {address, "", number});
    CHECK(back.next.where.seats == job.where.seats);
    for (size_t i = 0; i < job.servers.size(); ++i)
      CHECK(back.servers[i].address == job.servers[i].address);
  }
}

TEST_CASE("a group that has lost two nodes belongs to the first") {
  auto job = on_nodes(3, 2);
  homes all;
  all.lose(job, "a:1");
  auto two = without(job, "a:1");
  all.lose(two, "b:1");
  auto one = without(two, "b:1");
  auto back = all.welcome(one, {"b:1", "", 2});
  one.servers = back.servers;
  one.where = back.next.where;
  CHECK(all.welcome(one, {"a:1", "", 1}).next.where.seats == job.where.seats);
}

TEST_CASE("what was put somewhere does not go back") {
  auto job = on_nodes(3, 2);
  homes all;
  all.lose(job, "b:1");
  auto rest = without(job, "b:1");
  auto on_it = [&] {
    auto back = all.welcome(rest, {"b:1", "", 2});
    return std::ranges::count(back.next.where.seats, node_index{1},
                              &placement::seat::node);
  };
  auto before = on_it();
  auto& seats = job.where.seats;
  auto one = std::ranges::find(seats, node_index{1}, &placement::seat::node);
  all.forget_group(static_cast<group_id>(one - seats.begin()));
  CHECK(on_it() == before - 1);
  all.forget_node(3);
  CHECK(on_it() == before - 1);
  all.forget_node(2);
  CHECK(on_it() == 0);
}

TEST_CASE(
    "one of the lost is expected at a time, and none that ends for good") {
  auto job = on_nodes(3, 2);
  membership nodes{{"c:1"}};
  nodes.serve(job.servers, outset);
  CHECK(!nodes.call(outset + seconds{60}));
  nodes.lose(job, "a:1", 7, outset);
  nodes.lose(job, "b:1", 8, outset);
  nodes.lose(job, "c:1", 9, outset);
  CHECK(!nodes.call(outset));
  CHECK(nodes.call(outset + seconds{1}) == "a:1");
  CHECK(nodes.is_expected("a:1"));
  CHECK(!nodes.call(outset + seconds{1}));
  CHECK(
      !nodes.stay_away("a:1", fail(ec::unreachable, ""), outset + seconds{1}));
  CHECK(nodes.call(outset + seconds{1}) == "b:1");
  CHECK(
      nodes.stay_away("b:1", fail(ec::store_missing, ""), outset + seconds{1}));
  CHECK(nodes.call(outset + seconds{3}) == "a:1");
  nodes.serve({{"a:1", "", 1}, {"driver", "", 0}}, outset + seconds{3});
  CHECK(!nodes.is_expected("a:1"));
  CHECK(!nodes.known().is_lost("a:1"));
  nodes.let_go("b:1", 10);
  CHECK(!nodes.call(outset + std::chrono::hours{1}));
  CHECK(nodes.known().absent().size() == 2);
}
