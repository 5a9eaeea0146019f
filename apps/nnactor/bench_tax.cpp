#include "bench.hpp"
#include "timed_run.hpp"

#include "nnactor/neuron/random.hpp"

#include <future>

namespace nnactor {

namespace {

constexpr uint32_t inputs = 256;
constexpr uint32_t classes = 16;
constexpr uint32_t layers = 4;
constexpr uint32_t batch = 512;
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

result<prepared_job> make_job(const tax_bench& how) {
  prepared_job job;
  job.data = std::make_shared<noise>();
  network_description what;
  for (uint32_t i = 0; i < layers; ++i) {
    auto& layer = what.layers.emplace_back();
    layer.name = fmt::format("layer {}", i);
    layer.act = activation::relu;
    layer.units = how.width;
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
  run.steps = run.evaluate_every = how.steps;
  run.train.schedule.steps = how.steps;
  run.train.batch = batch;
  run.train.micro_batches = 8;
  run.train.window = 8;
  run.train.optimizer.kind = optimizer_kind::sgd;
  return job;
}

/// Steps a second of that many plain loops at once, each on a core of its own.
double plain_loops(const prepared_job& job, size_t count) {
  std::vector<std::future<double>> loops;
  for (size_t i = 0; i < count; ++i)
    loops.push_back(std::async(std::launch::async, [&job] {
      return time_plain_loop(job, job.graph);
    }));
  auto sum = 0.0;
  for (auto& x : loops)
    sum += x.get();
  return sum;
}

} // namespace

result<figures> run(const tax_bench& how) {
  auto job = make_job(how);
  if (!job)
    return job.error();
  auto one = time_nodes(*job, 1);
  if (!one)
    return one.error();
  auto two = time_nodes(*job, 2);
  if (!two)
    return two.error();
  auto plain = plain_loops(*job, 1);
  auto both = plain_loops(*job, 2);
  // Forward, gradient of inputs, gradient of weights.
  auto blocks = 3.0 * (layers + 1) * 2 * job->how.run.train.micro_batches;
  return figures{
      {"block_us", 1e6 / plain / blocks, 0, "us of work a block, mean"},
      {"plain_steps_per_s", plain, 2, "steps/s, a plain loop on one core"},
      {"one_node_steps_per_s", one->steps_per_s, 2, "steps/s, one node"},
      {"tax_local", 1 - one->steps_per_s / plain, 3,
       "share of the plain loop's speed that is lost"},
      {"two_plain_steps_per_s", both, 2,
       "steps/s, two plain loops at once, added up"},
      {"two_nodes_steps_per_s", two->steps_per_s, 2, "steps/s, two nodes"},
      {"tax_remote", 1 - two->steps_per_s / both, 3,
       "share of both plain loops' speed that is lost"},
      {"two_nodes_bytes_per_step", two->bytes_per_step, 0,
       "bytes over all links"},
  };
}

} // namespace nnactor
