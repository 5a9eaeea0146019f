#include "run/jobs.hpp"
#include "support/reference.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// The losses of the unpartitioned network in double precision.
std::vector<double> expected_losses(const prepared_job& job) {
  reference_trainer trainer{job.net, job.how.run.train};
  return step_through(trainer, job);
}

/// Trains the same partition on every cluster there is, under several orders
/// of messages, and compares all bytes with those of the plain loop.
void check_all_clusters(const network& net, const partition& parts, float clip,
                        device_maker make) {
  auto expected = train_plainly(small_job(net, parts, 30, 1, clip), make);
  uint64_t seed = 0;
  for (uint32_t nodes : {1, 2, 3})
    for (uint32_t devices : {1, 2})
      for (uint32_t window : {1, 4}) {
        CAPTURE(nodes);
        CAPTURE(devices);
        CAPTURE(window);
        CAPTURE(seed);
        auto run = train(small_job(net, parts, 30, window, clip),
                         {.seed = seed++,
                          .nodes = nodes,
                          .devices = devices,
                          .make_device = make});
        CHECK(same_bytes(run.model, expected.model));
      }
}

void check_all_clusters(const network& net, const partition& parts,
                        float clip) {
  for (auto make : host_devices)
    check_all_clusters(net, parts, clip, make);
}

} // namespace

TEST_CASE("the partition alone decides the bytes of the model") {
  auto net = language_model();
  check_all_clusters(net, dealt(net, 4, 2), 0);
}

TEST_CASE("also with clipping by the global norm") {
  auto net = language_model();
  check_all_clusters(net, dealt(net, 3, 5), 0.3f);
}

TEST_CASE("also where layers read the input and several others") {
  auto net = skipping_network();
  check_all_clusters(net, dealt(net, 3, 7), 0.3f);
}

TEST_CASE("also where layers read what came time steps before") {
  auto net = recurrent_network();
  check_all_clusters(net, dealt(net, 3, 7), 0);
  check_all_clusters(net, dealt(net, 4, 2), 0.3f);
}

TEST_CASE("also where layers are sparse and some neurons read by nobody") {
  auto net = sparse_network();
  check_all_clusters(net, dealt(net, 3, 7), 0);
  check_all_clusters(net, dealt(net, 5, 2), 0.3f);
}

TEST_CASE("no order of messages shows in the model or in any loss") {
  auto net = language_model();
  auto parts = dealt(net, 3, 2);
  for (float clip : {0.0f, 0.3f}) {
    auto first =
        train(small_job(net, parts, 20, 4, clip), {.nodes = 3, .devices = 2});
    for (uint64_t seed = 1; seed <= 25; ++seed) {
      CAPTURE(seed);
      CAPTURE(clip);
      auto other = train(small_job(net, parts, 20, 4, clip),
                         {.seed = seed, .nodes = 3, .devices = 2});
      CHECK(same_bytes(other.model, first.model));
      CHECK(other.losses == first.losses);
      CHECK(other.validation == first.validation);
    }
  }
}

TEST_CASE("a window wider than a batch changes nothing") {
  auto net = language_model();
  auto parts = dealt(net, 2, 3);
  auto first = train(small_job(net, parts, 20, 1), {.nodes = 2});
  for (uint32_t window : {2, 3, 7, 16})
    CHECK(same_bytes(
        train(small_job(net, parts, 20, window), {.seed = window, .nodes = 2})
            .model,
        first.model));
}

TEST_CASE("losses are those of the unpartitioned network, for any split") {
  for (auto& net : {language_model(), skipping_network(), recurrent_network(),
                    sparse_network()}) {
    auto expected = expected_losses(small_job(net, whole(net), 40));
    for (auto make : host_devices)
      for (auto& split : partitions_of(net)) {
        CAPTURE(split.name);
        auto run = train(small_job(net, split.parts, 40),
                         {.seed = 3, .nodes = 2, .make_device = make});
        REQUIRE(run.losses.size() == expected.size());
        for (size_t i = 0; i < expected.size(); ++i)
          CHECK(std::abs(run.losses[i] - expected[i]) <= 1e-5 * expected[i]);
      }
  }
}

TEST_CASE("a network of single columns trains too") {
  auto net = network_of({dense("only", activation::none, 1)}, {1, 0, 1},
                        layer_kind::mean_squared_error);
  auto run = train(small_job(net, whole(net), 10), {.nodes = 1});
  CHECK(run.losses.size() == 10);
}
