#include "bench/noise_job.hpp"

namespace nnactor {

result<prepared_job> make_noise_job(const noise_network& of, uint64_t steps) {
  experiment how;
  how.data.kind = data_settings::format::noise;
  how.data.inputs = 256;
  how.data.classes = 16;
  how.data.examples = 2048;
  how.data.validation = 1.0 / how.data.examples;
  for (auto width : of.widths) {
    auto& layer = how.network.layers.emplace_back();
    layer.name = fmt::format("layer {}", how.network.layers.size() - 1);
    layer.act = activation::relu;
    layer.units = width;
  }
  how.network.layers.emplace_back().name = "classes";
  how.distribute.parts = 2;
  how.distribute.per_layer = true;
  auto& run = how.run;
  run.steps = run.evaluate_every = steps;
  run.train.schedule.steps = steps;
  run.train.batch = of.batch;
  run.train.micro_batches = of.micro_batches;
  run.train.window = of.micro_batches;
  run.train.optimizer.kind = optimizer_kind::sgd;
  return prepare(std::move(how));
}

result<prepared_job> make_noise_job(uint64_t width, uint64_t steps) {
  return make_noise_job(
      noise_network{std::vector<uint64_t>(noise_layers - 1, width)}, steps);
}

} // namespace nnactor
