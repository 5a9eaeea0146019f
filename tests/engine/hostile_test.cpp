#include "engine/networks.hpp"
#include "support/networks.hpp"

#include <cmath>

using namespace nnactor;

namespace {

tensor zeros(dtype type, uint64_t rows, uint64_t columns) {
  byte_buffer bytes{rows * columns * size_of(type)};
  std::fill_n(bytes.data(), bytes.size(), std::byte{0});
  return {type, {rows, columns}, shared_bytes{std::move(bytes)}};
}

tensor tokens_with(uint64_t rows, uint64_t columns, int32_t last) {
  tensor_builder<int32_t> x{{rows, columns}};
  std::ranges::fill(x.values(), 0);
  x.values().back() = last;
  return std::move(x).share();
}

void check_refused(const caf::error& err, const std::string& part) {
  CHECK(code_of(err) == ec::protocol_violation);
  CHECK_MESSAGE(explain(err).find(part) != std::string::npos, explain(err));
}

/// A language model of one part: groups 2 to 5 are its layers, 6 the loss.
struct fixture {
  network net = language_model();
  group_graph graph =
      make_group_graph(net, partition{{neuron_set::range(0, 51)}});
  train_settings how;
  std::unique_ptr<device> dev = make_cpu_device();
};

} // namespace

TEST_CASE("an embedding refuses what are not its tokens") {
  fixture f;
  group_program program{f.net, f.graph, 2, f.how};
  CHECK_FALSE(program.check_inputs({tokens_with(3, 5, 10)}));
  CHECK_FALSE(program.check_inputs({zeros(dtype::i32, 65536, 5)}));
  check_refused(program.check_inputs({tokens_with(3, 5, 11)}),
                "value 11 outside 0 to 10");
  check_refused(program.check_inputs({tokens_with(3, 5, -1)}), "value -1");
  check_refused(program.check_inputs({zeros(dtype::f32, 3, 5)}),
                "dtype f32 instead of i32");
  check_refused(program.check_inputs({zeros(dtype::i32, 3, 6)}),
                "6 columns instead of 5");
  check_refused(program.check_inputs({zeros(dtype::i32, 0, 5)}), "0 rows");
  check_refused(program.check_inputs({zeros(dtype::i32, 65537, 5)}),
                "65537 rows");
  check_refused(program.check_inputs({}), "got 0 inputs instead of 1");
  check_refused(
      program.check_inputs({tokens_with(3, 5, 0), tokens_with(3, 5, 0)}),
      "got 2 inputs");
  check_refused(program.check_inputs({{static_cast<dtype>(77), {3, 5}, {}}}),
                "dtype unknown");
}

TEST_CASE("bytes that are not there are not read") {
  fixture f;
  group_program program{f.net, f.graph, 3, f.how};
  CHECK_FALSE(program.check_inputs({zeros(dtype::f32, 3, 35)}));
  check_refused(program.check_inputs({{dtype::f32, {3, 35}, {}}}), "0 bytes");
  check_refused(program.check_inputs(
                    {{dtype::f32, {4, 35}, zeros(dtype::f32, 3, 35).bytes()}}),
                "420 bytes, which is not [4, 35]");
}

TEST_CASE("a group refuses pieces of different micro-batches") {
  fixture f;
  auto graph = make_group_graph(
      f.net, partition{{neuron_set::range(0, 3), neuron_set::range(3, 51)}});
  group_program program{f.net, graph, 4, f.how};
  CHECK_FALSE(program.check_inputs(
      {zeros(dtype::f32, 3, 15), zeros(dtype::f32, 3, 20)}));
  check_refused(program.check_inputs(
                    {zeros(dtype::f32, 3, 15), zeros(dtype::f32, 2, 20)}),
                "2 rows instead of 3");
  check_refused(program.check_inputs(
                    {zeros(dtype::f32, 3, 20), zeros(dtype::f32, 3, 15)}),
                "20 columns instead of 15");
}

TEST_CASE("gradients are taken once, in the shape of the output") {
  fixture f;
  group_program program{f.net, f.graph, 3, f.how};
  auto gradient = zeros(dtype::f32, 3, 20);
  check_refused(program.check_gradients({0}, {gradient}),
                "expects no gradients");
  program.forward(*f.dev, {0}, phase::evaluate, {zeros(dtype::f32, 3, 35)});
  check_refused(program.check_gradients({0}, {gradient}),
                "expects no gradients");
  program.forward(*f.dev, {0}, phase::train, {zeros(dtype::f32, 3, 35)});
  CHECK_FALSE(program.check_gradients({0}, {gradient}));
  check_refused(program.check_gradients({1}, {gradient}), "micro-batch 1");
  check_refused(program.check_gradients({0}, {}), "got 0 gradients");
  check_refused(program.check_gradients({0}, {zeros(dtype::f32, 2, 20)}),
                "2 rows instead of 3");
  check_refused(program.check_gradients({0}, {zeros(dtype::i32, 3, 20)}),
                "dtype i32");
  program.backward(*f.dev, {0}, {gradient});
  check_refused(program.check_gradients({0}, {gradient}),
                "expects no gradients");
  program.accumulate(*f.dev, {0});
}

TEST_CASE("nothing flows back to the data") {
  auto net = skipping_network();
  auto dev = make_cpu_device();
  auto graph = make_group_graph(net, partition{{neuron_set::range(0, 27)}});
  group_program first{net, graph, 2, {}}, second{net, graph, 3, {}};
  auto x = zeros(dtype::f32, 3, 6);
  auto y = first.forward(*dev, {0}, phase::train, {x});
  second.forward(*dev, {0}, phase::train, {y, x});
  auto gradients = second.backward(*dev, {0}, {zeros(dtype::f32, 3, 8)});
  REQUIRE(gradients.size() == 2);
  CHECK(gradients[0].extent() == shape{3, 9});
  CHECK(gradients[1].extent() == shape{0, 0});
  auto dy = zeros(dtype::f32, 3, 9);
  gradients = first.backward(*dev, {0}, {dy, dy, dy});
  REQUIRE(gradients.size() == 1);
  CHECK(gradients[0].extent() == shape{0, 0});
}

TEST_CASE("the loss refuses labels that the network cannot give") {
  fixture f;
  loss_program loss{f.net, f.graph, f.how};
  auto z = zeros(dtype::f32, 3, 11);
  CHECK_FALSE(loss.check(phase::train, {z}, tokens_with(3, 1, 10)));
  CHECK_FALSE(loss.check(phase::infer, {z}, {}));
  check_refused(loss.check(phase::evaluate, {z}, {}), "the targets");
  check_refused(loss.check(phase::train, {z}, tokens_with(3, 1, 11)),
                "value 11");
  check_refused(loss.check(phase::train, {z}, tokens_with(2, 1, 1)),
                "2 rows instead of 3");
  check_refused(loss.check(phase::train, {z}, zeros(dtype::f32, 3, 11)),
                "dtype f32 instead of i32");
  check_refused(loss.check(phase::infer, {zeros(dtype::f32, 3, 10)}, {}),
                "10 columns");
  check_refused(loss.check(phase::infer, {}, {}), "got 0 inputs");
}

TEST_CASE("squared errors take values or labels, nothing else") {
  auto net = language_model(layer_kind::mean_squared_error);
  auto graph = make_group_graph(net, partition{{neuron_set::range(0, 51)}});
  loss_program loss{net, graph, {}};
  auto z = zeros(dtype::f32, 3, 11);
  CHECK_FALSE(loss.check(phase::train, {z}, zeros(dtype::f32, 3, 11)));
  CHECK_FALSE(loss.check(phase::train, {z}, tokens_with(3, 1, 10)));
  check_refused(loss.check(phase::train, {z}, tokens_with(3, 1, 11)),
                "value 11");
  check_refused(loss.check(phase::train, {z}, zeros(dtype::f32, 3, 1)),
                "1 columns");
}

TEST_CASE("readers of a stream refuse what does not fit it") {
  // Tables of 5 tokens and 3 positions for a stream of 6 coordinates in parts
  // of 4 and 2.
  auto net = test::small_gpt(1, 6, 2, 3, 5);
  const auto& stream = net.layers[3];
  auto other = neuron_set::range(stream.first + 4, stream.first + 6);
  auto all = neuron_set::range(0, net.neuron_count());
  auto graph = make_group_graph(net, {{subtract(all, other), other}});
  train_settings how;
  auto id = std::ranges::find(graph.groups, layer_id{3}, &group::layer)->id;
  group_program first{net, graph, id, how};
  auto x = zeros(dtype::f32, 3, 4);
  CHECK_FALSE(first.check_inputs({x, x}));
  check_refused(first.check_inputs({x}), "got 1 inputs instead of 2");
  check_refused(first.check_inputs({x, zeros(dtype::f32, 3, 6)}),
                "6 columns instead of 4");
  check_refused(first.check_inputs({zeros(dtype::f32, 6, 4), x}),
                "3 rows instead of 6");
  // Three rows of data and two of the norm.
  group_program reader{net, graph, id + 2, how};
  auto left = zeros(dtype::f32, 5, 4);
  auto right = zeros(dtype::f32, 5, 2);
  CHECK_FALSE(reader.check_inputs({left, right}));
  check_refused(reader.check_inputs({right, left}), "2 columns instead of 4");
  check_refused(reader.check_inputs({x, right}), "5 rows instead of 3");
  check_refused(
      reader.check_inputs({zeros(dtype::f32, 2, 4), zeros(dtype::f32, 2, 2)}),
      "2 rows instead of 3");
  check_refused(
      reader.check_inputs({zeros(dtype::f32, 0, 4), zeros(dtype::f32, 0, 2)}),
      "0 rows");
  auto dev = make_cpu_device();
  first.forward(*dev, {0}, phase::train, {x, x});
  auto gradients = [&](uint64_t rows) {
    std::vector<tensor> out;
    for (const auto& to : graph.groups[id].downstream)
      out.push_back(zeros(dtype::f32, rows, to.columns));
    return out;
  };
  CHECK_FALSE(first.check_gradients({0}, gradients(5)));
  check_refused(first.check_gradients({0}, gradients(3)),
                "3 rows instead of 5");
}

TEST_CASE("a vocabulary refuses labels that there are not") {
  auto net = test::small_gpt(1, 6, 2, 3, 5);
  auto graph =
      make_group_graph(net, {{neuron_set::range(0, net.neuron_count())}});
  auto id = graph.loss_group() - 1;
  group_program program{net, graph, id, train_settings{}};
  auto x = zeros(dtype::f32, 3 + 2, 6);
  CHECK_FALSE(program.check_inputs({x, tokens_with(3, 1, 4)}));
  check_refused(program.check_inputs({x}), "got 1 inputs instead of 2");
  check_refused(program.check_inputs({x, tokens_with(3, 1, 5)}), "value 5");
  check_refused(program.check_inputs({x, tokens_with(3, 1, -1)}), "value -1");
  check_refused(program.check_inputs({x, tokens_with(4, 1, 0)}), "4 rows");
  check_refused(program.check_inputs({x, zeros(dtype::f32, 3, 1)}), "f32");
  check_refused(program.check_inputs({x, {}}), "labels for group");
  CHECK_FALSE(program.check_inputs({x, {}}, {}, phase::infer));
  auto dev = make_cpu_device();
  auto told =
      program.forward(*dev, {}, phase::train, {x, tokens_with(3, 1, 4)});
  CHECK(told.extent() == shape{3, 4});
  CHECK_FALSE(program.check_gradients({}, {zeros(dtype::f32, 3, 2)}));
  check_refused(program.check_gradients({}, {zeros(dtype::f32, 3, 5)}),
                "5 columns instead of 2");
  loss_program loss{net, graph, train_settings{}};
  auto labels = tokens_with(3, 1, 4);
  CHECK_FALSE(loss.check(phase::train, {told}, labels));
  check_refused(loss.check(phase::train, {zeros(dtype::f32, 3, 5)}, labels),
                "5 columns instead of 4");
  check_refused(loss.check(phase::infer, {told}, {}), "4 columns instead of 5");
}

TEST_CASE("a sequence that ends too early is answered as far as it goes") {
  auto net = test::small_llama(1, 8, 2, 1, 4, 5);
  auto dev = make_cpu_device();
  plain_loop loop{net, train_settings{}, *dev};
  auto whole = loop.answer(tokens_with(4, 1, 3));
  auto cut = loop.answer(zeros(dtype::i32, 3, 1));
  CHECK(cut.extent() == shape{3, 5});
  for (size_t i = 0; i < cut.extent().size(); ++i)
    CHECK(std::abs(cut.values<float>()[i] - whole.values<float>()[i]) < 1e-6);
}
