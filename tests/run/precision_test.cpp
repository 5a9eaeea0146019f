#include "run/jobs.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

prepared_job job_with(precision precision) {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 3, 1), 40);
  job.how.run.train.link = precision;
  return job;
}

} // namespace

TEST_CASE("rounded links halve the bytes, on any nodes to the same model") {
  auto job = job_with(precision::bfloat16);
  std::vector<digest> contents;
  for (uint32_t nodes : {1, 2, 3})
    for (uint64_t seed : {0, 1, 2}) {
      simulated_cluster x{{.seed = seed, .nodes = nodes}};
      auto out = x.train(job);
      REQUIRE(!out->failure);
      contents.push_back(
          *x.store().content_of(*x.store().open(choice::newest)));
    }
  for (auto& content : contents)
    CHECK(content == contents.front());
}

TEST_CASE("rounded links learn as well") {
  auto exact = job_with(precision::float32);
  auto rounded = job_with(precision::bfloat16);
  auto run = [](const prepared_job& job) {
    simulated_cluster x{{.nodes = 3}};
    auto out = x.train(job);
    REQUIRE(!out->failure);
    return out;
  };
  auto a = run(exact);
  auto b = run(rounded);
  auto last = [](const simulated_cluster::outcome_ptr& x) {
    return x->of(kind::validation).back().loss;
  };
  CHECK(last(a) != last(b));
  CHECK(std::abs(last(a) - last(b)) < 0.02 * last(a));
  // Between nodes half the bytes; inputs, targets and losses as before.
  auto bytes = [](const simulated_cluster::outcome_ptr& x) {
    return static_cast<double>(x->events.back().bytes);
  };
  CHECK(bytes(b) < 0.7 * bytes(a));
}
