#include "run/jobs.hpp"

#include "nnactor/run/text_writer.hpp"
#include "support/networks.hpp"

#include <algorithm>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr uint32_t pages = 20;

/// A text that is asked for, and what has come of it.
struct asked {
  std::vector<int32_t> prompt;
  uint64_t more = 0;
  std::vector<int32_t> written = {};
};

/// The most likely token, the first of equal ones.
int32_t most_likely(std::span<const float> logits) {
  return static_cast<int32_t>(std::ranges::max_element(logits)
                              - logits.begin());
}

std::vector<asked> any_texts(uint64_t seed, uint64_t count) {
  std::vector<asked> out;
  for (uint64_t i = 0; i < count; ++i) {
    counter_random random{seed, i};
    asked x;
    auto size = 1 + random.bits(0) % 30;
    for (uint64_t j = 0; j < size; ++j)
      x.prompt.push_back(static_cast<int32_t>(random.bits(9 + j) % 11));
    x.more = 1 + random.bits(1) % (40 - size);
    out.push_back(std::move(x));
  }
  return out;
}

/// A saved model on a simulated cluster that writes texts.
class writing_cluster {
public:
  writing_cluster(const simulation& how, const cache_limits& limits)
      : cluster(how),
        writer(limits, [this](auto cache, auto& what, auto& tokens) {
          return compute(cache, what, tokens);
        }) {
    auto opened = cluster.open_inference(4, 0, pages);
    REQUIRE_MESSAGE(opened, explain(opened.error()));
  }

  void begin(asked& x) {
    REQUIRE(writer.begin(x.prompt, x.more, [&x](auto logits) {
      x.written.push_back(most_likely(logits));
      return std::optional{x.written.back()};
    }));
  }

  bool step() {
    auto more = writer.step();
    REQUIRE_MESSAGE(more, explain(more.error()));
    return *more;
  }

  simulated_cluster cluster;
  text_writer writer;
  std::function<void()> disturb = [] {}; ///< While a round is under way.

private:
  result<written_rows> compute(uint64_t cache, const token_round& what,
                               const tensor& tokens) {
    auto pending = cluster.world.ask<written_rows>(
        cluster.inferrer, round_atom::value, cache, what, tokens);
    disturb();
    for (int i = 0; i < 100 && !pending.is_there(); ++i)
      cluster.world.advance(std::chrono::seconds{1});
    REQUIRE(pending.is_there());
    if (pending.error())
      return pending.error();
    return pending.value();
  }
};

constexpr uint32_t context = 40;

/// Each text by itself, on one node.
std::vector<asked> alone(const std::shared_ptr<filesystem>& storage,
                         std::vector<asked> texts) {
  writing_cluster x{{.storage = storage}, {pages, context, 64}};
  for (auto& text : texts) {
    x.begin(text);
    while (x.step())
      ;
    REQUIRE(text.written.size() == text.more);
  }
  return texts;
}

void check_alike(const std::vector<asked>& x, const std::vector<asked>& y) {
  REQUIRE(x.size() == y.size());
  for (size_t i = 0; i < x.size(); ++i) {
    CAPTURE(i);
    CHECK(x[i].written == y[i].written);
  }
}

} // namespace

TEST_CASE("texts are alike on any nodes, whoever is written beside them") {
  auto net = small_llama(2, 32, 8, 2, context);
  SUBCASE("of a network with rotary positions") {
  }
  SUBCASE("of one with learnt positions") {
    net = small_gpt(2, 24, 4, context);
  }
  auto storage = trained_model(net, 3);
  auto expected = alone(storage, any_texts(1, 12));
  for (uint32_t nodes : {1, 2, 3})
    for (uint64_t rows : {12, 64}) {
      CAPTURE(nodes);
      CAPTURE(rows);
      auto texts = any_texts(1, 12);
      writing_cluster x{{.seed = nodes,
                         .nodes = nodes,
                         .devices = 1 + nodes % 2,
                         .storage = storage},
                        {pages, context, rows}};
      size_t begun = 0;
      // They come one after the other, two rounds apart.
      for (int round = 0; begun < texts.size() || x.step(); ++round)
        if (round % 2 == 0 && begun < texts.size())
          x.begin(texts[begun++]);
      check_alike(texts, expected);
    }
}

TEST_CASE("a node that dies changes no text") {
  auto net = small_llama(2, 32, 8, 2, context);
  auto storage = trained_model(net, 3);
  auto expected = alone(storage, any_texts(2, 6));
  for (uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    auto texts = any_texts(2, 6);
    writing_cluster x{{.seed = seed, .nodes = 3, .storage = storage},
                      {pages, context, 24}};
    uint64_t rounds = 0;
    x.disturb = [&] {
      if (++rounds != 2 + seed % 11)
        return;
      for (uint64_t i = 0; i < 7 * seed; ++i)
        x.cluster.world.step();
      x.cluster.kill(seed % 3);
    };
    for (auto& text : texts)
      x.begin(text);
    while (x.step())
      ;
    check_alike(texts, expected);
  }
}

TEST_CASE("a round that is none ends nothing but the job") {
  auto net = small_llama(2, 32, 8, 2, context);
  writing_cluster x{{.nodes = 2, .storage = trained_model(net, 3)},
                    {pages, context, 64}};
  x.cluster.world.settle();
  auto epoch = state_of<inferrer_state>(x.cluster.inferrer).network->job->epoch;
  token_round wrong{{{0, 1, 1, {pages}}}};
  auto answer = x.cluster.world.ask<written_rows>(
      x.cluster.inferrer, round_atom::value, epoch, wrong, tokens({1, 1}, {0}));
  x.cluster.world.settle();
  REQUIRE(answer.is_there());
  CHECK(code_of(answer.error()) == ec::protocol_violation);
}
