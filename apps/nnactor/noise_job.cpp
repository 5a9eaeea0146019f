#include "noise_job.hpp"

#include "nnactor/neuron/random.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr uint32_t inputs = 256;
constexpr uint32_t classes = 16;
constexpr uint64_t examples_in_all = 2048;

/// Noise with labels: what is timed does not depend on values.
class noise : public dataset {
public:
  noise() {
    tensor_builder<float> x{{examples_in_all, inputs}};
    tensor_builder<int32_t> y{{examples_in_all, 1}};
    counter_random random{1, 1};
    for (size_t i = 0; i < x.values().size(); ++i)
      x.values()[i] = random.uniform(i) - 0.5f;
    for (size_t i = 0; i < examples_in_all; ++i)
      y.values()[i] = static_cast<int32_t>(random.bits(i) % classes);
    all_ = {std::move(x).share(), std::move(y).share()};
  }

  data_shape shape() const override {
    return {inputs, 0, classes};
  }

  uint64_t size(split part) const override {
    return part == split::train ? examples_in_all : 1;
  }

  examples gather(split, const std::vector<uint64_t>& indices) const override {
    tensor_builder<float> x{{indices.size(), inputs}};
    tensor_builder<int32_t> y{{indices.size(), 1}};
    for (size_t i = 0; i < indices.size(); ++i) {
      std::ranges::copy(
          all_.inputs.values<float>().subspan(indices[i] * inputs, inputs),
          x.values().begin() + static_cast<ptrdiff_t>(i * inputs));
      y.values()[i] = all_.targets.values<int32_t>()[indices[i]];
    }
    return {std::move(x).share(), std::move(y).share()};
  }

  const vocabulary* characters() const override {
    return nullptr;
  }

  std::string summary() const override {
    return "noise";
  }

  reference baseline() const override {
    return {};
  }

private:
  examples all_;
};

} // namespace

result<prepared_job> make_noise_job(const noise_network& of, uint64_t steps) {
  prepared_job job;
  job.data = std::make_shared<noise>();
  network_description what;
  for (auto width : of.widths) {
    auto& layer = what.layers.emplace_back();
    layer.name = fmt::format("layer {}", what.layers.size() - 1);
    layer.act = activation::relu;
    layer.units = width;
  }
  what.layers.emplace_back().name = "classes";
  auto net = build_network(what, job.data->shape());
  if (!net)
    return net.error();
  job.net = std::move(*net);
  distribution halves;
  halves.parts = 2;
  halves.per_layer = true;
  auto parts = distribute(job.net, halves);
  if (!parts)
    return parts.error();
  job.parts = std::move(*parts);
  job.graph = make_group_graph(job.net, job.parts);
  auto& run = job.how.run;
  run.steps = run.evaluate_every = steps;
  run.train.schedule.steps = steps;
  run.train.batch = of.batch;
  run.train.micro_batches = of.micro_batches;
  run.train.window = of.micro_batches;
  run.train.optimizer.kind = optimizer_kind::sgd;
  return job;
}

result<prepared_job> make_noise_job(uint64_t width, uint64_t steps) {
  return make_noise_job(
      noise_network{std::vector<uint64_t>(noise_layers - 1, width)}, steps);
}

} // namespace nnactor
