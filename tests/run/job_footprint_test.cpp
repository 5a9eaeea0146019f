#include "nnactor/run/job_footprint.hpp"
#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;

TEST_CASE("a job's footprint counts every neuron, link and connection") {
  auto net = language_model();
  auto nodes = std::make_shared<cluster_view>();
  nodes->members.resize(2);
  auto found = footprint_of(small_job(net, dealt(net, 2, 1)), nodes);
  REQUIRE(found.needs.size() == 2);
  CHECK(found.needs[0].neurons + found.needs[1].neurons == net.neuron_count());
  CHECK(found.memory.size() == 2);
  for (auto& x : found.links) {
    CHECK(x.from != x.to);
    CHECK(x.forward + x.backward > 0);
  }
  CHECK(found.cut.crossing > 0);
  CHECK(found.cut.crossing < found.cut.all);

  auto together = footprint_of(small_job(net, whole(net)), nodes);
  CHECK(together.needs[1].neurons == 0);
  CHECK(together.links.size() < found.links.size());
  CHECK(together.cut.crossing == 0);
  CHECK(together.cut.all == found.cut.all);
}
