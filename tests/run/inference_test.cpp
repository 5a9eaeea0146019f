#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// Questions of one to three examples.
std::vector<tensor> questions_for(const network& net, uint64_t count) {
  std::vector<tensor> out;
  for (uint64_t i = 0; i < count; ++i)
    out.push_back(batch_for(net, 1 + i % 3, i).inputs);
  return out;
}

std::vector<answer<tensor>> ask_all(simulated_cluster& x,
                                    const std::vector<tensor>& questions) {
  std::vector<answer<tensor>> out;
  for (auto& question : questions)
    out.push_back(x.world.ask<tensor>(x.inferrer, infer_atom::value, question));
  return out;
}

/// Whether all that was asked has been answered, and right.
void check_answers(std::vector<answer<tensor>>& pending,
                   const std::vector<tensor>& expected) {
  for (size_t i = 0; i < pending.size(); ++i) {
    REQUIRE(pending[i].is_there());
    REQUIRE_MESSAGE(!pending[i].error(), explain(pending[i].error()));
    CHECK(same_bytes(pending[i].value(), expected[i]));
  }
}

/// Answers of the model on a cluster to questions asked all at once.
std::vector<tensor> answers(const std::shared_ptr<filesystem>& storage,
                            uint32_t nodes, uint32_t window, uint64_t seed,
                            const std::vector<tensor>& questions,
                            uint32_t parts = 0) {
  simulated_cluster x{{.seed = seed, .nodes = nodes, .storage = storage}};
  auto opened = x.open_inference(window, parts);
  REQUIRE_MESSAGE(opened, explain(opened.error()));
  auto pending = ask_all(x, questions);
  x.world.settle();
  std::vector<tensor> out;
  for (auto& p : pending)
    out.push_back(p.value());
  return out;
}

} // namespace

TEST_CASE("a saved model answers alike on any number of nodes") {
  auto net = language_model();
  SUBCASE("that looks at one moment") {
  }
  SUBCASE("that remembers") {
    net = recurrent_network();
  }
  auto storage = trained_model(net);
  auto questions = questions_for(net, 40);
  auto expected = answers(storage, 1, 1, 0, questions);
  for (uint32_t nodes : {1, 2, 3})
    for (uint32_t window : {1, 4, 64}) {
      CAPTURE(nodes);
      CAPTURE(window);
      auto got =
          answers(storage, nodes, window, nodes * 100 + window, questions);
      REQUIRE(got.size() == expected.size());
      for (size_t i = 0; i < got.size(); ++i)
        CHECK(same_bytes(got[i], expected[i]));
    }
}

TEST_CASE("a saved model answers alike however it is split") {
  auto net = language_model();
  auto storage = trained_model(net);
  auto questions = questions_for(net, 10);
  auto expected = answers(storage, 3, 1, 0, questions);
  for (uint32_t nodes : {1, 2, 5}) {
    CAPTURE(nodes);
    auto got = answers(storage, nodes, 4, nodes, questions, nodes);
    for (size_t i = 0; i < got.size(); ++i)
      CHECK(same_bytes(got[i], expected[i]));
  }
}

TEST_CASE("more questions than the window wait for their turn") {
  auto net = language_model();
  simulated_cluster x{{.seed = 4, .nodes = 2, .storage = trained_model(net)}};
  REQUIRE(x.open_inference(3));
  std::vector<answer<tensor>> pending;
  for (uint64_t i = 0; i < 20; ++i)
    pending.push_back(x.world.ask<tensor>(x.inferrer, infer_atom::value,
                                          batch_for(net, 1, i).inputs));
  size_t most = 0;
  while (x.world.step())
    most = std::max(most, state_of<inferrer_state>(x.inferrer).open.size());
  CHECK(most == 3);
  for (auto& p : pending)
    CHECK(p.is_there());
}

TEST_CASE("a question that does not fit harms nobody") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2, .storage = trained_model(net)}};
  REQUIRE(x.open_inference(3));
  auto ask = [&](const tensor& inputs) {
    return x.world.ask_now<tensor>(x.inferrer, infer_atom::value, inputs);
  };
  for (auto& wrong : {ramp({1, 5}), tokens({1, 4}, {0, 1, 2, 3}),
                      tokens({1, 5}, {0, 1, 2, 3, 99})}) {
    auto refused = ask(wrong);
    CHECK(code_of(refused.error()) == ec::protocol_violation);
    CHECK(explain(refused.error()).find("the question") != std::string::npos);
  }
  CHECK(!ask(batch_for(net, 2, 1).inputs).error());
}

TEST_CASE("answers are those of the same model in one loop") {
  auto net = language_model();
  SUBCASE("that looks at one moment") {
  }
  SUBCASE("that remembers") {
    net = recurrent_network();
  }
  auto storage = trained_model(net);
  auto graph = make_group_graph(net, dealt(net, 3, 4));
  auto dev = make_reference_device();
  plain_loop loop{net, graph, settings_for(16, optimizer_kind::adam, 3e-3f),
                  *dev};
  REQUIRE(!loop.load(
      regroup(content(model_store{storage, "store/tiny"}), graph), 10));
  auto question = batch_for(net, 5, 1).inputs;
  auto got = answers(storage, 2, 4, 1, {question});
  CHECK(same_bytes(got[0], loop.answer(question)));
}

TEST_CASE("questions under way when nodes die are answered by the others") {
  auto net = language_model();
  auto storage = trained_model(net);
  auto questions = questions_for(net, 30);
  auto expected = answers(storage, 1, 1, 0, questions);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 3, .storage = storage}};
    REQUIRE(x.open_inference(4));
    auto pending = ask_all(x, questions);
    for (auto victim : {seed % 3, (seed + 1) % 3}) {
      for (uint64_t i = 0; i < 20 * seed; ++i)
        x.world.step();
      x.addresses->erase(fmt::format("node:{}", victim + 1));
      caf::anon_send_exit(x.nodes[victim], caf::exit_reason::kill);
    }
    for (int i = 0; i < 20; ++i)
      x.world.advance(std::chrono::seconds{1});
    check_answers(pending, expected);
  }
}

TEST_CASE("of two nodes that lose each other one goes on answering") {
  auto net = language_model();
  auto storage = trained_model(net);
  auto question = batch_for(net, 2, 1).inputs;
  auto expected = answers(storage, 1, 1, 0, {question});
  simulated_cluster x{{.nodes = 2, .storage = storage}};
  REQUIRE(x.open_inference(2));
  x.world.settle();
  auto epoch = state_of<inferrer_state>(x.inferrer).network->job->epoch;
  driver_actor driver{x.inferrer};
  caf::anon_send(driver, lost_atom::value, epoch, node_index{1});
  caf::anon_send(driver, lost_atom::value, epoch, node_index{0});
  auto answer = x.world.ask<tensor>(x.inferrer, infer_atom::value, question);
  x.world.settle();
  REQUIRE(answer.is_there());
  REQUIRE_MESSAGE(!answer.error(), explain(answer.error()));
  CHECK(same_bytes(answer.value(), expected[0]));
}

TEST_CASE("questions to the last node, when it dies, are answered with its "
          "name") {
  auto net = language_model();
  auto storage = trained_model(net);
  simulated_cluster x{{.seed = 2, .nodes = 1, .storage = storage}};
  REQUIRE(x.open_inference(2));
  x.world.settle();
  caf::anon_send_exit(x.nodes[0], caf::exit_reason::kill);
  std::vector<answer<tensor>> pending;
  for (uint64_t i = 0; i < 5; ++i)
    pending.push_back(x.world.ask<tensor>(x.inferrer, infer_atom::value,
                                          batch_for(net, 1, i).inputs));
  x.world.settle();
  for (auto& p : pending) {
    CHECK(code_of(p.error()) == ec::node_lost);
    CHECK(explain(p.error()).find("node:1") != std::string::npos);
  }
}

TEST_CASE("a node that comes back has its groups again and answers with them") {
  auto net = language_model();
  auto storage = trained_model(net);
  auto questions = questions_for(net, 20);
  auto expected = answers(storage, 1, 1, 0, questions);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 3, .storage = storage}};
    REQUIRE(x.open_inference(4));
    x.world.settle();
    auto& network = state_of<inferrer_state>(x.inferrer).network;
    auto seats = network->job->where.seats;
    x.kill(1);
    x.world.advance(std::chrono::seconds{1});
    REQUIRE(network->cluster.members.size() == 2);
    x.restart(1);
    // Some are asked before it is taken back, and all of them at once.
    std::vector<answer<tensor>> pending;
    auto& newcomer = state_of<node_state>(x.nodes[1]);
    while (!newcomer.job && pending.size() < questions.size()) {
      pending.push_back(x.world.ask<tensor>(x.inferrer, infer_atom::value,
                                            questions[pending.size()]));
      x.world.tick(std::chrono::seconds{1});
      for (uint64_t i = 0; i < 40 * seed && !newcomer.job; ++i)
        x.world.step();
    }
    x.world.advance(std::chrono::seconds{5});
    CHECK(network->job->where.seats == seats);
    CHECK(network->job->servers[1].number == 2);
    check_answers(pending, expected);
  }
}

TEST_CASE("a node that comes back but cannot answer costs no answer") {
  auto net = language_model();
  auto storage = trained_model(net);
  auto question = batch_for(net, 2, 1).inputs;
  auto expected = answers(storage, 1, 1, 0, {question});
  simulated_cluster x{{.nodes = 3, .storage = storage}};
  REQUIRE(x.open_inference(2));
  x.world.settle();
  auto& network = state_of<inferrer_state>(x.inferrer).network;
  auto ask = [&] {
    return x.world.ask_now<tensor>(x.inferrer, infer_atom::value, question);
  };
  x.kill(1);
  x.restart(1, "elsewhere");
  for (int i = 0; i < 20; ++i) {
    x.world.advance(std::chrono::seconds{1});
    CHECK(same_bytes(ask().value(), expected[0]));
  }
  CHECK(network->cluster.members.size() == 2);
  x.kill(1);
  x.restart(1);
  x.world.advance(std::chrono::seconds{60});
  CHECK(network->cluster.members.size() == 3);
  CHECK(same_bytes(ask().value(), expected[0]));
}

TEST_CASE("a store that cannot be seen for a while is not the end of answers") {
  auto net = language_model();
  auto storage = trained_model(net);
  auto question = batch_for(net, 2, 1).inputs;
  auto expected = answers(storage, 1, 1, 0, {question});
  simulated_cluster x{{.nodes = 2, .storage = storage}};
  REQUIRE(x.open_inference(2));
  x.world.settle();
  // By this file a node knows that a folder is the one of the job.
  auto token =
      fmt::format("store/tiny/epoch.{}", x.store().open(choice::newest)->epoch);
  REQUIRE(storage->link(token, "store/away"));
  REQUIRE(!storage->remove(token));
  x.kill(1);
  auto answer = x.world.ask<tensor>(x.inferrer, infer_atom::value, question);
  x.world.advance(std::chrono::seconds{5});
  CHECK(!answer.is_there());
  REQUIRE(storage->link("store/away", token));
  x.world.advance(std::chrono::seconds{1});
  REQUIRE(answer.is_there());
  REQUIRE_MESSAGE(!answer.error(), explain(answer.error()));
  CHECK(same_bytes(answer.value(), expected[0]));
}

TEST_CASE("a model that is not there cannot be opened") {
  simulated_cluster x{{.nodes = 1}};
  auto opened = x.open_inference(1);
  REQUIRE(!opened);
  CHECK(code_of(opened.error()) == ec::store_missing);
}
