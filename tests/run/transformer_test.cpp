#include "run/live_job.hpp"
#include "support/networks.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// One whose streams have no parameters.
network bare_transformer() {
  transformer_writer out{7, 0, 10};
  out.stream({}, false);
  out.attention(2, {.head_size = 3, .window = 2}, false);
  out.mlp(8, activation::relu, false, false);
  out.stream({}, false);
  return out.finish(4);
}

std::vector<network> transformers() {
  transformer_variant both{.post_norm = true, .tied = true};
  return {small_gpt(1, 12, 3, 4, 7), small_llama(1, 16, 4, 2, 4, 7),
          small_gpt(1, 12, 3, 4, 7, both), bare_transformer()};
}

/// All but input, loss and a table that is tied.
std::vector<layer> layers_with_neurons(const network& net) {
  auto out = net.layers;
  std::erase_if(out, [](const layer& x) { return x.units == 0; });
  return out;
}

prepared_job job_for(const network& net, const partition& parts, uint64_t steps,
                     uint32_t micro_batches, uint32_t window = 4) {
  auto job = small_job(net, parts, steps, window);
  job.how.run.train.micro_batches = micro_batches;
  return job;
}

/// Trains on every cluster there is and compares all bytes with those of the
/// plain loop.
void check_all_clusters(const prepared_job& job, device_maker make) {
  auto expected = train_plainly(job, make);
  uint64_t seed = 0;
  for (uint32_t nodes : {1, 2, 3})
    for (uint32_t devices : {1, 2}) {
      CAPTURE(nodes);
      CAPTURE(devices);
      auto run = train(job, {.seed = seed++,
                             .nodes = nodes,
                             .devices = devices,
                             .make_device = make});
      CHECK(same_bytes(run.model, expected.model));
      CHECK(run.losses == expected.losses);
    }
}

/// A part for each layer in turn, so that every edge leads to another node.
partition layers_apart(const network& net, uint64_t count) {
  partition out;
  out.parts.resize(count);
  for (layer_id id = 1; id + 1 < net.layers.size(); ++id) {
    auto& part = out.parts[id % count];
    part = unite(part, net.layers[id].neurons());
  }
  return out;
}

/// A vector of a table is what it gives, and coordinates have no weights.
bool weighs_input(layer_kind kind) {
  return kind != layer_kind::table && !is_coordinate(kind);
}

/// Of heads and hidden units, which have several weights for a value, it is
/// told which one is shown.
void check_shown(const network& net, const layer& of,
                 const nlohmann::json& seen) {
  for (auto& x : seen["incoming"]) {
    auto rows = of.parameter_rows();
    CHECK(x["parameter"] == rows.front().name);
    CHECK(x["rows"] == rows.front().rows);
    CHECK(x["layer"] == net.layers[of.inputs.front()].name);
  }
  for (auto& x : seen["outgoing"]) {
    auto reader = must(net.find(x["layer"]));
    CHECK(x["parameter"] == net.layers[reader].parameter_rows().front().name);
    CHECK(x["rows"] == net.layers[reader].parameter_rows().front().rows);
  }
}

std::vector<partition> splits_of(const network& net) {
  return {whole(net), dealt(net, 3, 7), dealt(net, 4, 2), layers_apart(net, 3)};
}

} // namespace

TEST_CASE("a transformer is the same bytes on every cluster") {
  for (const auto& net : transformers())
    for (const auto& parts : splits_of(net))
      for (uint32_t micro_batches : {1, 4}) {
        CAPTURE(net.layers.size());
        CAPTURE(parts.parts.size());
        CAPTURE(micro_batches);
        for (auto make : host_devices)
          check_all_clusters(job_for(net, parts, 12, micro_batches), make);
      }
}

TEST_CASE("a transformer is the same bytes with clipping, window or not") {
  for (const auto& net : transformers())
    for (uint32_t window : {1, 3}) {
      CAPTURE(window);
      auto job = job_for(net, dealt(net, 3, 5), 12, 4, window);
      job.how.run.train.optimizer.clip = 0.3f;
      check_all_clusters(job, make_cpu_device);
    }
}

TEST_CASE("a transformer is the same bytes with rounded links and products") {
  for (const auto& net : transformers())
    for (const auto& parts : splits_of(net))
      for (auto make : host_devices) {
        auto job = job_for(net, parts, 10, 4);
        auto& how = job.how.run.train;
        how.link = precision::bfloat16;
        check_all_clusters(job, make);
        how.compute = precision::bfloat16;
        check_all_clusters(job, make);
        how.link = precision::float32;
        check_all_clusters(job, make);
      }
}

TEST_CASE("a stream that only another one reads leaves its norm behind") {
  for (auto norm : {norm_kind::none, norm_kind::rms, norm_kind::layer}) {
    CAPTURE(to_string(norm));
    transformer_writer out{7, 0, 10};
    out.stream({norm, 1e-5}, true);
    out.stream({norm, 1e-5}, false);
    out.attention(2, {.head_size = 3}, false);
    out.stream({norm, 1e-5}, false);
    out.stream({norm, 1e-5}, true);
    auto net = out.finish(4);
    for (const auto& parts : splits_of(net))
      check_all_clusters(job_for(net, parts, 12, 4), make_reference_device);
  }
}

TEST_CASE("no order of messages shows in a transformer") {
  for (const auto& net : transformers()) {
    auto job = job_for(net, dealt(net, 3, 2), 10, 4);
    auto first = train(job, {.nodes = 3, .devices = 2});
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(seed);
      auto other = train(job, {.seed = seed, .nodes = 3, .devices = 2});
      CHECK(same_bytes(other.model, first.model));
      CHECK(other.losses == first.losses);
      CHECK(other.validation == first.validation);
    }
  }
}

TEST_CASE("a transformer learns what follows from the token before") {
  auto net = small_llama(1, 16, 4, 2, 4, 7);
  auto run = train(job_for(net, dealt(net, 3, 2), 150, 4), {.nodes = 2});
  CHECK(run.losses.front() > 1.5);
  CHECK(run.validation.back() < 0.5 * run.losses.front());
}

TEST_CASE("a transformer outlives nodes that are lost on the way") {
  for (const auto& net : transformers()) {
    auto job = job_for(net, dealt(net, 4, 3), 30, 4);
    auto expected = train_plainly(job);
    for (uint64_t seed = 0; seed < 6; ++seed) {
      CAPTURE(seed);
      simulated_cluster x{{.seed = seed, .nodes = 3}};
      auto out = x.start_training(job);
      run_steps(x, out, 13 + seed);
      x.kill(seed % 3);
      run_to_the_end(x, out);
      REQUIRE_MESSAGE(!out->failure, explain(out->failure));
      CHECK(out->count(kind::notice) > 0);
      CHECK(same_bytes(content(x.store()), expected.model));
    }
  }
}

TEST_CASE("groups of a transformer move and it stays the same bytes") {
  for (const auto& net : transformers()) {
    auto job = job_for(net, dealt(net, 3, 1), 40, 4);
    auto expected = undisturbed(job, 3);
    for (uint64_t seed = 0; seed < 6; ++seed) {
      CAPTURE(seed);
      live_job x{{.seed = seed, .nodes = 3}, job};
      x.move_any_groups(seed);
      x.tell("leave 2");
      x.run_to_end();
      CHECK(x.model() == expected);
      CHECK(x.out->losses().size() == 40);
    }
  }
}

TEST_CASE("neurons of every layer of a transformer move, losses agree") {
  for (const auto& net : transformers()) {
    auto job = job_for(net, dealt(net, 2, 1), 20, 4);
    live_job still{{.nodes = 2}, job};
    still.run_to_end();
    auto expected = still.out->losses();
    uint64_t seed = 0;
    for (const auto& layer : layers_with_neurons(net)) {
      CAPTURE(layer.name);
      ++seed;
      live_job x{
          {.seed = seed, .nodes = 2, .make_device = host_devices[seed % 2]},
          job};
      x.run_to(5);
      auto half = layer.first + (layer.units + 1) / 2;
      for (auto node : {1, 2})
        x.move(fmt::format("neurons {}-{} to {}", layer.first, half, node));
      CHECK(x.tell(fmt::format("neuron {}", layer.first))["node"] == 2);
      x.run_to_end();
      auto losses = x.out->losses();
      REQUIRE(losses.size() == expected.size());
      for (size_t i = 0; i < losses.size(); ++i)
        CHECK(std::abs(losses[i] - expected[i]) < 1e-4);
    }
  }
}

TEST_CASE("every neuron of a transformer can be looked at") {
  for (const auto& net : transformers()) {
    live_job x{{.nodes = 2}, job_for(net, dealt(net, 2, 1), 20, 4)};
    x.run_to(2);
    for (const auto& layer : layers_with_neurons(net)) {
      CAPTURE(layer.name);
      auto seen = x.tell(fmt::format("neuron {}", layer.first));
      CHECK(seen["layer"] == layer.name);
      // Only a stream has a bias of one value a neuron.
      CHECK(seen["bias"].is_number()
            == (layer.kind == layer_kind::stream && layer.bias));
      CHECK(seen["incoming_total"]
            == (weighs_input(layer.kind) ? layer.row_width : 0));
      check_shown(net, layer, seen);
    }
    CHECK(x.tell("groups")["groups"].size()
          == x.cluster.deployed->job->graph.groups.size());
    x.tell("layers");
    x.run_to_end();
  }
}

TEST_CASE("a transformer is resumed where it was, split as before or not") {
  for (const auto& net : transformers())
    for (auto again : {false, true}) {
      CAPTURE(again);
      auto job = job_for(net, dealt(net, 3, 4), 30, 4);
      auto expected = train_plainly(job);
      auto half = job;
      half.how.run.steps = 20;
      auto storage = make_memory_filesystem();
      {
        simulated_cluster x{{.nodes = 3, .storage = storage}};
        auto out = x.train(half);
        REQUIRE_MESSAGE(!out->failure, explain(out->failure));
      }
      simulated_cluster x{{.seed = 1, .nodes = 2, .storage = storage}};
      auto other = job_for(net, dealt(net, 2, 9), 30, 4);
      auto out = x.resume_training(again ? other : job, again);
      run_to_the_end(x, out);
      REQUIRE_MESSAGE(!out->failure, explain(out->failure));
      if (!again)
        CHECK(same_bytes(content(x.store()), expected.model));
      auto losses = out->losses();
      REQUIRE(losses.size() == 10);
      for (size_t i = 0; i < 10; ++i)
        CHECK(std::abs(losses[i] - expected.losses[20 + i])
              <= (again ? 1e-4 : 0));
    }
}

TEST_CASE("a saved transformer answers as the plain loop, however split") {
  for (const auto& net : transformers()) {
    auto storage = make_memory_filesystem();
    {
      simulated_cluster x{{.nodes = 3, .storage = storage}};
      auto out = x.train(job_for(net, dealt(net, 3, 4), 10, 4));
      REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    }
    std::vector<tensor> questions;
    for (uint64_t i = 0; i < 12; ++i)
      questions.push_back(batch_for(net, (1 + i % 3) * net.context, i).inputs);
    for (uint32_t parts : {0, 1, 2, 5})
      for (uint32_t nodes : {1, 3}) {
        CAPTURE(parts);
        CAPTURE(nodes);
        simulated_cluster x{
            {.seed = parts, .nodes = nodes, .storage = storage}};
        auto opened = x.open_inference(4, parts);
        REQUIRE_MESSAGE(opened, explain(opened.error()));
        auto dev = make_reference_device();
        auto& graph = (*opened)->job->graph;
        plain_loop loop{net, graph, settings_for(16, optimizer_kind::adam, 0),
                        *dev};
        REQUIRE(!loop.load(regroup(content(x.store()), graph), 10));
        std::vector<answer<tensor>> pending;
        for (auto& question : questions)
          pending.push_back(
              x.world.ask<tensor>(x.inferrer, infer_atom::value, question));
        x.world.settle();
        for (size_t i = 0; i < pending.size(); ++i) {
          REQUIRE(pending[i].is_there());
          REQUIRE_MESSAGE(!pending[i].error(), explain(pending[i].error()));
          CHECK(same_bytes(pending[i].value(), loop.answer(questions[i])));
        }
        auto odd =
            x.world.ask_now<tensor>(x.inferrer, infer_atom::value,
                                    batch_for(net, net.context + 1, 0).inputs);
        CHECK(mentions(explain(odd.error()), "not a number of sequences"));
      }
  }
}
