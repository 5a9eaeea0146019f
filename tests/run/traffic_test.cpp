#include "nnactor/engine/footprint.hpp"
#include "run/jobs.hpp"
#include "support/networks.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

TEST_CASE("the plan of what crosses links is what a run sends") {
  for (auto link : {precision::float32, precision::bfloat16})
    for (auto net : {language_model(), skipping_network(), recurrent_network(),
                     sparse_network(), small_gpt(1, 12, 3, 4, 7),
                     small_llama(1, 16, 4, 2, 4, 7)})
      for (uint32_t nodes : {1, 2, 3})
        for (uint64_t seed : {0, 1}) {
          auto job = small_job(net, dealt(net, 3, 1 + seed), 20);
          job.how.run.train.link = link;
          simulated_cluster x{{.seed = seed, .nodes = nodes}};
          auto out = x.train(job);
          REQUIRE(!out->failure);
          auto bytes_at = [&](uint64_t step) {
            for (auto& event : out->of(kind::traffic))
              if (event.step == step)
                return event.bytes;
            return uint64_t{0};
          };
          auto where = x.deployed->job->where;
          uint64_t planned = 0;
          for (auto& link : traffic(job.net, {job.parts, job.graph, where},
                                    job.how.run.train))
            planned += link.forward + link.backward;
          // Nothing but ten steps of training lies before the first boundary.
          CHECK(bytes_at(10) == 10 * planned);
        }
}
