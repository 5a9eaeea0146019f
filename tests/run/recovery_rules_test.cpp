#include "nnactor/run/recovery.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using std::chrono::seconds;

namespace {

const recovery::time start{};

} // namespace

TEST_CASE("a job is broken from its first loss until all is set up anew") {
  recovery job;
  CHECK(!job.is_broken());
  CHECK(job.lose("a:1", start));
  CHECK(!job.lose("a:1", start));
  CHECK(job.lose("b:1", start + seconds{2}));
  CHECK(job.is_broken());
  CHECK(job.disturbances() == 2);
  auto [took, lost_nodes] = job.succeed(start + seconds{5});
  CHECK(took == seconds{5});
  CHECK(lost_nodes);
  CHECK(!job.is_broken());
  // It may come back and be lost again.
  CHECK(job.lose("a:1", start + seconds{9}));
  CHECK(job.succeed(start + seconds{10}).took == seconds{1});
}

TEST_CASE("a deployment that was broken off is a way back without a loss") {
  recovery job;
  job.break_off(start);
  CHECK(job.is_broken());
  CHECK(job.disturbances() == 1);
  CHECK(!job.succeed(start).lost_nodes);
}

TEST_CASE("what an attempt brings is of use unless something else was lost") {
  recovery job;
  job.lose("a:1", start);
  job.start_attempt();
  CHECK(job.is_trying());
  CHECK(!job.is_overtaken());
  CHECK(job.end_attempt());
  CHECK(!job.is_trying());
  job.start_attempt();
  job.lose("b:1", start);
  CHECK(job.is_overtaken());
  CHECK(job.is_trying());
  CHECK(!job.end_attempt());
  CHECK(!job.is_trying());
}

TEST_CASE("what may pass is tried again for as long as there is patience") {
  recovery job;
  job.lose("a:1", start);
  auto passes = [&](ec what, int64_t after) {
    return job.may_pass(fail(what, ""), start + seconds{after}, seconds{30});
  };
  for (auto what : {ec::node_lost, ec::timeout, ec::unreachable,
                    ec::store_unwritable, ec::store_missing}) {
    CHECK(passes(what, 30));
    CHECK(!passes(what, 31));
  }
  CHECK(!passes(ec::device_failure, 0));
  CHECK(!passes(ec::protocol_violation, 0));
}
