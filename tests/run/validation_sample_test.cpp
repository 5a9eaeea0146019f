#include "nnactor/run/validation_sample.hpp"
#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// A sample of that many examples of a split, 0: all.
validation_sample sample_of(uint64_t size, uint32_t wanted) {
  run_settings how;
  how.evaluate_examples = wanted;
  return {made_up_data{language_model(), 1, size}, how};
}

std::vector<uint64_t> indices(uint64_t size, uint32_t wanted) {
  auto sample = sample_of(size, wanted);
  return sample.indices(0, sample.size());
}

/// What a validation of these parameters gives over these examples alone.
double plain_loss(const prepared_job& job, const std::vector<parameter_set>& of,
                  const std::vector<uint64_t>& over) {
  auto dev = make_reference_device();
  plain_loop loop{job.net, job.graph, job.how.run.train, *dev};
  REQUIRE(!loop.load(regroup(of, job.graph), 20));
  auto batch = job.data->gather(split::validation, over);
  return loop.evaluate(batch.inputs, batch.targets).loss_sum
         / static_cast<double>(over.size());
}

} // namespace

TEST_CASE("a sample is spread evenly over the split") {
  using numbers = std::vector<uint64_t>;
  CHECK(indices(10, 1) == numbers{0});
  CHECK(indices(10, 2) == numbers{0, 5});
  CHECK(indices(10, 4) == numbers{0, 2, 5, 7});
  CHECK(indices(10, 9) == numbers{0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(sample_of(10, 4).indices(1, 2) == numbers{2, 5});
  CHECK(sample_of(10, 4).is_part());
}

TEST_CASE("a sample of none, of all or of more is all there is") {
  using numbers = std::vector<uint64_t>;
  for (uint32_t wanted : {0u, 3u, 4u, UINT32_MAX}) {
    CAPTURE(wanted);
    CHECK(indices(3, wanted) == numbers{0, 1, 2});
    CHECK(!sample_of(3, wanted).is_part());
  }
}

TEST_CASE("every validation goes through the same examples on any nodes") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 20);
  job.data = std::make_shared<made_up_data>(net, 96, 3000);
  // Two micro-batches of validation.
  job.how.run.evaluate_examples = 1100;
  std::vector<double> losses;
  for (uint32_t nodes : {1, 2}) {
    simulated_cluster x{{.seed = nodes, .nodes = nodes}};
    auto out = x.train(job);
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    auto told = out->of(kind::validation);
    REQUIRE(told.size() == 2);
    CHECK(told[1].loss
          == doctest::Approx(
              plain_loss(job, content(x.store()), indices(3000, 1100))));
    CHECK(told[1].loss
          != doctest::Approx(
              plain_loss(job, content(x.store()), indices(3000, 0))));
    CHECK(x.store().open(choice::newest)->validation_loss == told[1].loss);
    for (auto& each : told)
      losses.push_back(each.loss);
  }
  CHECK(losses[0] == losses[2]);
  CHECK(losses[1] == losses[3]);
}
