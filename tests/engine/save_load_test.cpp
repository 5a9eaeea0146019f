#include "engine/networks.hpp"

using namespace nnactor;

namespace {

constexpr uint64_t rows = 8;

train_settings settings(optimizer_kind kind) {
  auto how = settings_for(rows, kind, 1e-2f);
  how.optimizer.weight_decay = 0.01f;
  return how;
}

void train(plain_loop& loop, const network& net, uint64_t until) {
  while (loop.steps() < until) {
    auto data = batch_for(net, rows, loop.steps());
    loop.step(data.inputs, data.targets);
  }
}

std::vector<std::string> names_of(const parameter_set& set) {
  std::vector<std::string> names;
  for (const auto& x : set.parameters)
    names.push_back(x.name);
  return names;
}

} // namespace

TEST_CASE("a loaded model goes on as if nothing had happened") {
  for (const auto& net : {language_model(), skipping_network()})
    for (auto kind :
         {optimizer_kind::sgd, optimizer_kind::adam, optimizer_kind::adamw}) {
      auto dev = make_cpu_device();
      auto graph = make_group_graph(net, dealt(net, 3, 1));
      plain_loop undisturbed{net, graph, settings(kind), *dev};
      train(undisturbed, net, 10);
      auto saved = undisturbed.save();
      train(undisturbed, net, 20);
      plain_loop resumed{net, graph, settings(kind), *dev};
      train(resumed, net, 3); // must not shine through
      REQUIRE_FALSE(resumed.load(saved, 10));
      CHECK(same_bytes(resumed.save(), saved));
      train(resumed, net, 20);
      CHECK(same_bytes(resumed.save(), undisturbed.save()));
    }
}

TEST_CASE("a model saved by one partition is the same function in another") {
  for (const auto& net : {language_model(), skipping_network()}) {
    auto dev = make_reference_device();
    auto how = settings(optimizer_kind::adam);
    plain_loop trained{net, make_group_graph(net, dealt(net, 4, 9)), how, *dev};
    train(trained, net, 10);
    auto data = batch_for(net, 20, 77);
    auto answer = trained.answer(data.inputs);
    for (const auto& of : partitions_of(net)) {
      CAPTURE(of.name);
      auto graph = make_group_graph(net, of.parts);
      plain_loop other{net, graph, how, *dev};
      REQUIRE_FALSE(other.load(regroup(trained.save(), graph), 10));
      CHECK(same_bytes(other.save(), regroup(trained.save(), graph)));
      auto expected = answer.values<float>();
      auto again = other.answer(data.inputs);
      auto found = again.values<float>();
      REQUIRE(found.size() == expected.size());
      for (size_t i = 0; i < found.size(); ++i)
        CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-5));
    }
  }
}

TEST_CASE("what is saved has the names and shapes of the store") {
  auto net = language_model();
  auto dev = make_reference_device();
  auto graph = make_group_graph(net, dealt(net, 3, 1));
  auto adam = plain_loop{net, graph, settings(optimizer_kind::adamw), *dev};
  auto sgd = plain_loop{net, graph, settings(optimizer_kind::sgd), *dev};
  for (const auto& set : adam.save()) {
    const auto& x = net.layers[set.layer];
    auto names = names_of(set);
    CHECK(names.front() == "weight");
    CHECK(names.size() == (x.bias ? 6 : 3));
    for (const auto& [name, values] : set.parameters) {
      CHECK(values.extent().rows == set.neurons.size());
      auto bias = name.find("bias") != std::string::npos;
      CHECK(values.extent().columns == (bias ? 1 : x.row_width));
    }
  }
  CHECK(names_of(adam.save().back())
        == std::vector<std::string>{"weight", "adam.m.weight", "adam.v.weight",
                                    "bias", "adam.m.bias", "adam.v.bias"});
  CHECK(names_of(sgd.save().back())
        == std::vector<std::string>{"weight", "sgd.v.weight", "bias",
                                    "sgd.v.bias"});
}

TEST_CASE("parameters without optimizer state start it anew") {
  auto net = language_model();
  auto dev = make_cpu_device();
  auto how = settings(optimizer_kind::adam);
  plain_loop trained{net, how, *dev};
  train(trained, net, 5);
  auto saved = trained.save();
  for (auto& set : saved)
    std::erase_if(set.parameters, [](const parameter& x) {
      return x.name != "weight" && x.name != "bias";
    });
  plain_loop other{net, how, *dev};
  train(other, net, 2);
  REQUIRE_FALSE(other.load(saved, 0));
  for (const auto& set : other.save())
    for (const auto& x : set.parameters)
      if (x.name.starts_with("adam."))
        CHECK(std::ranges::all_of(x.values.values<float>(),
                                  [](float value) { return value == 0; }));
}

TEST_CASE("a model that does not fit is refused and changes nothing") {
  auto net = language_model();
  auto dev = make_reference_device();
  auto how = settings(optimizer_kind::adam);
  auto graph = make_group_graph(net, dealt(net, 2, 1));
  auto id = graph.loss_group() - 1;
  group_program program{net, graph, id, how};
  auto before = program.save();
  auto refused = [&](parameter_set saved, const std::string& part) {
    auto err = program.load(saved);
    CHECK(code_of(err) == ec::invalid_argument);
    CHECK_MESSAGE(explain(err).find(part) != std::string::npos, explain(err));
    CHECK(same_bytes(program.save(), before));
  };
  auto damaged = [&](const std::string& name, tensor values) {
    auto saved = before;
    for (auto& x : saved.parameters)
      if (x.name == name)
        x.values = values;
    return saved;
  };
  auto missing = before;
  std::erase_if(missing.parameters,
                [](const parameter& x) { return x.name == "bias"; });
  refused(missing, "'bias' is missing");
  refused(damaged("weight", {}), "'weight' is [0, 0] of f32");
  auto units = before.neurons.size();
  refused(damaged("adam.v.bias", tensor_builder<int32_t>{{units, 1}}.share()),
          "of i32");
  refused(damaged("bias", {dtype::f32, {units, 1}, {}}), "'bias'");
  auto other = before;
  other.neurons = graph.groups[id - 1].neurons;
  refused(other, "cannot load");
  other = before;
  other.layer = 1;
  refused(other, "cannot load layer 1");
}
