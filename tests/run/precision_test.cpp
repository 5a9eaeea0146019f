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
  for (auto make : host_devices) {
    auto expected = train_plainly(job, make);
    for (uint32_t nodes : {1, 2, 3})
      for (uint64_t seed : {0, 1, 2})
        CHECK(same_bytes(
            train(job, {.seed = seed, .nodes = nodes, .make_device = make})
                .model,
            expected.model));
  }
}

TEST_CASE("rounded links learn as well") {
  auto exact = job_with(precision::float32);
  auto rounded = job_with(precision::bfloat16);
  auto run = [](const prepared_job& job) {
    simulated_cluster x{{.nodes = 3, .make_device = make_cpu_device}};
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

TEST_CASE("products in bfloat16 give one model on any nodes, fused or not") {
  auto net = language_model();
  // Whole layers one after the other, which devices run in one go, and split
  // layers, which they cannot.
  for (const auto& parts : {whole(net), dealt(net, 3, 1)}) {
    auto job = small_job(net, parts, 40);
    job.how.run.train.compute = precision::bfloat16;
    for (auto make : host_devices) {
      auto expected = train_plainly(job, make);
      for (uint32_t nodes : {1, 2, 3})
        for (uint32_t devices : {1, 2}) {
          CAPTURE(nodes);
          CAPTURE(devices);
          auto run = train(job, {.seed = nodes,
                                 .nodes = nodes,
                                 .devices = devices,
                                 .make_device = make});
          CHECK(same_bytes(run.model, expected.model));
        }
    }
  }
}

TEST_CASE("products in bfloat16 learn as well") {
  auto net = language_model();
  auto loss_with = [&](precision compute) {
    auto job = small_job(net, whole(net), 60);
    job.how.run.train.compute = compute;
    simulated_cluster x{{.nodes = 1, .make_device = make_cpu_device}};
    auto out = x.train(job);
    REQUIRE(!out->failure);
    return out->of(kind::validation).back().loss;
  };
  auto exact = loss_with(precision::float32);
  auto rounded = loss_with(precision::bfloat16);
  CHECK(exact != rounded);
  CHECK(std::abs(exact - rounded) < 0.02 * exact);
}
