#include "engine/networks.hpp"
#include "nnactor/engine/clip.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>

using namespace nnactor;

namespace {

constexpr uint64_t rows = 16;
constexpr uint32_t pieces = 4;

/// One thing that a group does for one micro-batch.
struct task {
  enum kind { forward, loss, backward, accumulate } what;
  group_id group;
  uint32_t micro_batch;
  friend auto operator<=>(const task&, const task&) = default;
};

/// Runs one step by doing, again and again, any one of the things that could
/// be done, drawn from a seed: what an unlucky cluster may do. Only what the
/// programs promise to need is waited for.
class disorderly_step {
public:
  disorderly_step(const network& net, const group_graph& graph,
                  const train_settings& how, const batch& data, uint64_t seed)
      : graph_(graph), how_(how), random_(seed, 0), loss_(net, graph, how) {
    for (group_id id = 2; id < graph.loss_group(); ++id)
      programs_.push_back(std::make_shared<group_program>(net, graph, id, how));
    lend_parameters(graph, [this](group_id id) { return programs_[id - 2]; });
    for (uint32_t i = 0; i < pieces; ++i) {
      values_[{group_graph::input_group, i}] = rows_of(data.inputs, i);
      values_[{group_graph::target_group, i}] = rows_of(data.targets, i);
      waiting_.insert({task::loss, graph.loss_group(), i});
      for (group_id id = 2; id < graph.loss_group(); ++id)
        for (auto what : {task::forward, task::backward, task::accumulate})
          waiting_.insert({what, id, i});
    }
  }

  std::vector<parameter_set> run() {
    while (!waiting_.empty()) {
      std::vector<task> ready;
      for (const auto& x : waiting_)
        if (is_ready(x))
          ready.push_back(x);
      REQUIRE_FALSE(ready.empty());
      auto next = ready[random_.bits(waiting_.size()) % ready.size()];
      run(next);
      waiting_.erase(next);
    }
    std::vector<double> norms;
    for (auto& program : programs_)
      norms.push_back(program->squared_gradient_norm(*dev_));
    auto scale = clip_scale(how_.optimizer.clip, norms);
    std::vector<parameter_set> saved;
    for (auto& program : programs_) {
      program->update(*dev_, 0, scale);
      saved.push_back(program->save());
    }
    return saved;
  }

private:
  static tensor rows_of(const tensor& from, uint32_t index) {
    auto bytes = from.bytes().size() / pieces;
    byte_buffer copy{bytes};
    std::copy_n(from.bytes().data() + index * bytes, bytes, copy.data());
    return {from.type(),
            {from.extent().rows / pieces, from.extent().columns},
            shared_bytes{std::move(copy)}};
  }

  bool is_ready(const task& x) const {
    const auto& self = graph_.groups[x.group];
    auto done = [&](task::kind what, uint32_t i) {
      return !waiting_.contains({what, x.group, i});
    };
    auto has_inputs = std::ranges::all_of(self.upstream, [&](const edge& from) {
      return values_.contains({from.group, x.micro_batch});
    });
    auto has_gradients =
        std::ranges::all_of(self.downstream, [&](const edge& from) {
          return gradients_.contains({from.group, x.group, x.micro_batch});
        });
    switch (x.what) {
    case task::forward:
    case task::loss:
      return has_inputs;
    case task::backward:
      return done(task::forward, x.micro_batch) && has_gradients;
    default:
      return done(task::backward, x.micro_batch)
             && (x.micro_batch == 0
                 || done(task::accumulate, x.micro_batch - 1));
    }
  }

  std::vector<tensor> inputs_of(const task& x) const {
    std::vector<tensor> all;
    for (auto from : ends_of(graph_.groups[x.group].upstream))
      if (x.what != task::loss || from != group_graph::target_group)
        all.push_back(values_.at({from, x.micro_batch}));
    return all;
  }

  void deliver(const task& x, const std::vector<tensor>& gradients) {
    for (size_t i = 0; i < gradients.size(); ++i)
      gradients_[{x.group, graph_.groups[x.group].upstream[i].group,
                  x.micro_batch}] = gradients[i];
  }

  void run(const task& x) {
    auto i = x.micro_batch;
    if (x.what == task::loss) {
      auto labels = values_.at({group_graph::target_group, i});
      REQUIRE_FALSE(loss_.check(phase::train, inputs_of(x), labels));
      deliver(
          x,
          loss_.compute(*dev_, phase::train, inputs_of(x), labels).gradients);
      return;
    }
    auto& program = *programs_[x.group - 2];
    if (x.what == task::forward) {
      REQUIRE_FALSE(program.check_inputs(inputs_of(x)));
      values_[{x.group, i}] =
          program.forward(*dev_, {i}, phase::train, inputs_of(x));
    } else if (x.what == task::backward) {
      std::vector<tensor> gradients;
      for (auto from : ends_of(graph_.groups[x.group].downstream))
        gradients.push_back(gradients_.at({from, x.group, i}));
      REQUIRE_FALSE(program.check_gradients({i}, gradients));
      deliver(x, program.backward(*dev_, {i}, gradients));
    } else {
      program.accumulate(*dev_, {i});
    }
  }

  group_graph graph_;
  train_settings how_;
  counter_random random_;
  loss_program loss_;
  std::unique_ptr<device> dev_ = make_cpu_device();
  std::vector<std::shared_ptr<group_program>> programs_;
  std::map<std::pair<group_id, uint32_t>, tensor> values_;
  std::map<std::tuple<group_id, group_id, uint32_t>, tensor> gradients_;
  std::set<task> waiting_;
};

train_settings settings() {
  auto how = settings_for(rows, optimizer_kind::adam, 1e-2f);
  how.micro_batches = pieces;
  how.optimizer.clip = 0.1f;
  return how;
}

} // namespace

TEST_CASE("the order in which a cluster works does not change a byte") {
  for (const auto& net : {language_model(), skipping_network()}) {
    auto data = batch_for(net, rows, 1);
    auto graph = make_group_graph(net, dealt(net, 3, 4));
    auto dev = make_cpu_device();
    plain_loop orderly{net, graph, settings(), *dev};
    orderly.step(data.inputs, data.targets);
    for (uint64_t seed = 0; seed < 10; ++seed) {
      CAPTURE(seed);
      disorderly_step step{net, graph, settings(), data, seed};
      CHECK(same_bytes(step.run(), orderly.save()));
    }
  }
}

TEST_CASE("micro-batches give the update of the whole batch") {
  for (const auto& net : {language_model(), skipping_network()}) {
    auto dev = make_cpu_device();
    std::vector<double> losses[2];
    std::vector<parameter_set> saved[2];
    for (int k = 0; k < 2; ++k) {
      auto how = settings_for(rows, optimizer_kind::sgd, 0.05f);
      how.micro_batches = k == 0 ? 1 : pieces;
      plain_loop loop{net, how, *dev};
      for (uint64_t step = 0; step < 20; ++step) {
        auto data = batch_for(net, rows, step);
        losses[k].push_back(loop.step(data.inputs, data.targets));
      }
      saved[k] = loop.save();
    }
    for (size_t i = 0; i < losses[0].size(); ++i)
      CHECK(losses[0][i] == doctest::Approx(losses[1][i]).epsilon(1e-6));
    for (size_t g = 0; g < saved[0].size(); ++g) {
      auto whole = saved[0][g].parameters[0].values.values<float>();
      auto split = saved[1][g].parameters[0].values.values<float>();
      for (size_t i = 0; i < whole.size(); ++i)
        CHECK(whole[i] == doctest::Approx(split[i]).epsilon(1e-5));
    }
  }
}
