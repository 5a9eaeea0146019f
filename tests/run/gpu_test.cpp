#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/gpu/emulator.hpp"
#include "nnactor/device/gpu/gpu_device.hpp"
#include "run/jobs.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

std::unique_ptr<device> make_emulated() {
  return make_gpu_device(make_emulator());
}

} // namespace

TEST_CASE("on GPUs, too, the partition alone decides the bytes of the model") {
  for (auto& net : {language_model(), skipping_network(), recurrent_network(),
                    sparse_network()}) {
    auto parts = dealt(net, 3, 5);
    auto alone = train(small_job(net, parts, 10, 4, 0.3f),
                       {.make_device = make_emulated});
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      CAPTURE(seed);
      auto shared = train(small_job(net, parts, 10, 4, 0.3f),
                          {.seed = seed,
                           .nodes = static_cast<uint32_t>(1 + seed % 3),
                           .devices = 2,
                           .make_device = make_emulated});
      CHECK(same_bytes(shared.model, alone.model));
    }
  }
}

TEST_CASE("CPUs and GPUs train one network") {
  auto net = language_model();
  auto parts = dealt(net, 4, 2);
  auto cpus = train(small_job(net, parts, 20, 4), {.nodes = 2, .devices = 2});
  auto count = std::make_shared<int>(0);
  auto mixed =
      train(small_job(net, parts, 20, 4),
            {.nodes = 2, .devices = 2, .make_device = [count] {
               return ++*count % 2 == 0 ? make_cpu_device() : make_emulated();
             }});
  CHECK(*count == 4);
  REQUIRE(mixed.losses.size() == cpus.losses.size());
  for (size_t i = 0; i < cpus.losses.size(); ++i)
    CHECK(std::abs(mixed.losses[i] / cpus.losses[i] - 1) < 1e-5);
}

TEST_CASE("groups move between CPUs and GPUs with what they have learnt") {
  auto net = language_model();
  auto parts = dealt(net, 2, 3);
  auto how = small_job(net, parts, 10, 4);
  simulated_cluster cluster{{.nodes = 2, .make_device = make_emulated}};
  auto first = cluster.train(how);
  REQUIRE(first->ended);
  auto more = small_job(net, parts, 20, 4);
  simulated_cluster others{{.nodes = 2, .storage = cluster.storage}};
  auto second = others.resume_training(more);
  others.world.settle_until([&] { return second->ended; });
  REQUIRE_MESSAGE(!second->failure, explain(second->failure));
  auto expected = train(small_job(net, parts, 20, 4), {.nodes = 2});
  auto losses = second->losses();
  REQUIRE(losses.size() == 10);
  for (size_t i = 0; i < losses.size(); ++i)
    CHECK(std::abs(losses[i] / expected.losses[10 + i] - 1) < 1e-5);
}
