#include "engine/networks.hpp"
#include "support/reference.hpp"

#include <cmath>

using namespace nnactor;

namespace {

constexpr uint64_t rows = 16;
constexpr uint64_t steps = 100;

struct training {
  std::string name;
  train_settings how;
};

std::vector<training> trainings() {
  auto adam = settings_for(rows, optimizer_kind::adam, 3e-3f);
  auto adamw = settings_for(rows, optimizer_kind::adamw, 3e-3f);
  adamw.optimizer.weight_decay = 0.1f;
  adamw.schedule.kind = schedule_kind::cosine;
  adamw.schedule.warmup = 10;
  adamw.schedule.steps = steps;
  auto sgd = settings_for(rows, optimizer_kind::sgd, 0.02f);
  sgd.optimizer.weight_decay = 0.01f;
  auto clipped = settings_for(rows, optimizer_kind::sgd, 0.1f);
  clipped.optimizer.clip = 0.2f;
  return {{"adam", adam},
          {"adamw, cosine", adamw},
          {"sgd, decay", sgd},
          {"sgd, clipped", clipped}};
}

/// Losses of the unpartitioned reference.
std::vector<double> expected_losses(const network& net,
                                    const train_settings& how,
                                    const std::vector<batch>& batches) {
  reference_trainer trainer{net, how};
  std::vector<double> losses;
  for (const auto& x : batches)
    losses.push_back(trainer.step(x.inputs, x.targets));
  return losses;
}

double worst_difference(plain_loop& loop, const std::vector<batch>& batches,
                        const std::vector<double>& expected) {
  auto worst = 0.0;
  for (size_t i = 0; i < batches.size(); ++i) {
    auto loss = loop.step(batches[i].inputs, batches[i].targets);
    worst = std::max(worst, std::abs(loss - expected[i]) / expected[i]);
  }
  return worst;
}

std::vector<batch> batches_for(const network& net) {
  std::vector<batch> all;
  for (uint64_t step = 0; step < steps; ++step)
    all.push_back(batch_for(net, rows, 1000 + step));
  return all;
}

} // namespace

TEST_CASE("the first 100 losses are those of the unpartitioned reference") {
  for (const auto& net : {language_model(), skipping_network(),
                          recurrent_network(), sparse_network()}) {
    auto batches = batches_for(net);
    for (const auto& job : trainings()) {
      auto expected = expected_losses(net, job.how, batches);
      CHECK(expected.back() < expected.front());
      // An emulated GPU is slow; that gradients are right on it in all
      // partitions is tested elsewhere.
      auto partitions = partitions_of(net);
      for (size_t i = 0; i < partitions.size(); ++i) {
        const auto& of = partitions[i];
        auto graph = make_group_graph(net, of.parts);
        auto devices = all_devices();
        if (i + 1 < partitions.size())
          devices.resize(2);
        for (auto& dev : devices) {
          plain_loop loop{net, graph, job.how, *dev};
          CAPTURE(job.name);
          CAPTURE(of.name);
          CAPTURE(dev->name());
          CHECK(worst_difference(loop, batches, expected) < 1e-5);
        }
      }
    }
  }
}

TEST_CASE("so are those of mean squared error") {
  auto net = language_model(layer_kind::mean_squared_error);
  auto batches = batches_for(net);
  auto how = settings_for(rows, optimizer_kind::adam, 3e-3f);
  auto expected = expected_losses(net, how, batches);
  auto dev = make_cpu_device();
  for (const auto& of : partitions_of(net)) {
    CAPTURE(of.name);
    plain_loop loop{net, make_group_graph(net, of.parts), how, *dev};
    CHECK(worst_difference(loop, batches, expected) < 1e-5);
  }
}

TEST_CASE("training twice gives the same bytes") {
  auto net = language_model();
  auto batches = batches_for(net);
  auto graph = make_group_graph(net, dealt(net, 4, 2));
  auto how = settings_for(rows, optimizer_kind::adam, 3e-3f);
  how.optimizer.clip = 0.5f;
  std::vector<std::vector<parameter_set>> saved;
  for (int run = 0; run < 2; ++run) {
    auto dev = make_cpu_device();
    plain_loop loop{net, graph, how, *dev};
    for (const auto& x : batches)
      loop.step(x.inputs, x.targets);
    saved.push_back(loop.save());
  }
  CHECK(same_bytes(saved[0], saved[1]));
}
