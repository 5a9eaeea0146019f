#include "support/networks.hpp"
#include "support/sanitized.hpp"
#include "support/transformer_reference.hpp"

#include "nnactor/neuron/random.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

tensor tokens(std::vector<int32_t> xs) {
  tensor_builder<int32_t> out{{xs.size(), 1}};
  std::ranges::copy(xs, out.values().begin());
  return std::move(out).share();
}

tensor any_tokens(const network& net, uint64_t examples, uint64_t seed) {
  counter_random random{seed, 0};
  std::vector<int32_t> xs(examples * net.context);
  for (size_t i = 0; i < xs.size(); ++i)
    xs[i] = static_cast<int32_t>(random.bits(i) % net.layers.front().tokens);
  return tokens(xs);
}

transformer_reference reference_of(const network& net,
                                   const train_settings& how = {}) {
  return {net, how, drawn_parameters(net, 1)};
}

/// Two tokens, (1, 0) and (0, 1), whose logits are what the last stream has.
transformer_reference see_through(const network& net,
                                  const train_settings& how = {}) {
  auto out = reference_of(net, how);
  out.values("tokens", "weight").values = {1, 0, 0, 1};
  out.values("vocabulary", "weight").values = {1, 0, 0, 1};
  return out;
}

double approximately(double x) {
  return std::round(x * 1e12) / 1e12;
}

/// How much more the second token's logit is.
double lead(const double_matrix& probabilities, size_t row) {
  return approximately(
      std::log(probabilities.at(row, 1) / probabilities.at(row, 0)));
}

/// Calls `f` with every layer that has parameters, and each of these.
template <class F>
void for_each_parameter(const network& net, F f) {
  for (const auto& x : net.layers)
    for (const auto& p : x.parameter_rows())
      f(x, p);
}

/// A central difference of the loss by one of its parameters.
double slope(const transformer_reference& of, double& by, double step,
             const tensor& inputs, const tensor& targets) {
  auto at = by;
  by = at + step;
  auto above = of.loss(inputs, targets);
  by = at - step;
  auto below = of.loss(inputs, targets);
  by = at;
  return (above - below) / (2 * step);
}

network plain_network(norm_settings norm = {}) {
  transformer_writer out{2, 0, 2};
  out.stream(norm, false);
  return out.finish(1);
}

network attending_network(const attention_settings& how, uint32_t context,
                          double epsilon = 1e-5) {
  transformer_writer out{2, 0, 2};
  out.stream({norm_kind::none, epsilon}, false);
  out.attention(1, how, false);
  out.stream({}, false);
  return out.finish(context);
}

} // namespace

TEST_CASE("reference: loss and gradients of a table and a vocabulary") {
  auto net = plain_network();
  auto model = see_through(net);
  model.values("tokens", "weight").values = {1, 2, 0, -1};
  auto inputs = tokens({0, 1}), targets = tokens({1, 1});
  auto expected = (std::log(1 + std::exp(-1)) + std::log(1 + std::exp(1))) / 2;
  CHECK(model.loss(inputs, targets) == doctest::Approx(expected));
  CHECK(model.differentiate(inputs, targets) == doctest::Approx(expected));
  auto few = 1 / (1 + std::exp(1)), many = 1 - few;
  const auto& of_table = model.gradient("tokens", "weight");
  CHECK(of_table.at(0, 0) == doctest::Approx(few / 2));
  CHECK(of_table.at(0, 1) == doctest::Approx(-few / 2));
  CHECK(of_table.at(1, 0) == doctest::Approx(many / 2));
  CHECK(of_table.at(1, 1) == doctest::Approx(-many / 2));
  const auto& of_rows = model.gradient("vocabulary", "weight");
  CHECK(of_rows.at(0, 0) == doctest::Approx(few / 2));
  CHECK(of_rows.at(0, 1) == doctest::Approx(few - many / 2));
  CHECK(of_rows.at(1, 1) == doctest::Approx(-few + many / 2));
}

TEST_CASE("reference: norms") {
  auto inputs = tokens({0});
  SUBCASE("of layers") {
    auto model = see_through(plain_network({norm_kind::layer, 0.21}));
    model.values("tokens", "weight").values = {3, 1, 0, 0};
    model.values("stream0", "gain").values = {1.1, 2.2};
    model.values("stream0", "shift").values = {0.5, 4};
    // Mean 2, variance 1, and the root of 1.21 is 1.1.
    CHECK(lead(model.answer(inputs), 0) == (-2 + 4) - (1 + 0.5));
  }
  SUBCASE("of the root mean square") {
    auto model = see_through(plain_network({norm_kind::rms, 0.5}));
    model.values("tokens", "weight").values = {4, 3, 0, 0};
    model.values("stream0", "gain").values = {1, 2};
    CHECK(lead(model.answer(inputs), 0)
          == approximately((6 - 4) / std::sqrt(13)));
  }
}

TEST_CASE("reference: a stream that is carried on with its norm") {
  transformer_writer out{2, 0, 2};
  out.stream({norm_kind::layer, 0.21}, false);
  out.attention(1, {.head_size = 1}, false);
  out.carry();
  out.stream({norm_kind::rms, 0.5}, false);
  auto model = see_through(out.finish(1));
  model.values("tokens", "weight").values = {3, 1, 0, 0};
  model.values("stream0", "gain").values = {1.1, 2.2};
  model.values("stream0", "shift").values = {0.5, 4};
  // What is read of the first stream is (1.5, 2), attention gives (2.5, 1).
  model.values("attention0", "value").values = {1, -0.25};
  model.values("attention0", "output").values = {2.5, 1};
  model.values("stream1", "gain").values = {1, 2};
  CHECK(lead(model.answer(tokens({0})), 0)
        == approximately((6 - 4) / std::sqrt(13)));
}

TEST_CASE("reference: attention with rotary positions and a window") {
  auto model = see_through(attending_network(
      {.head_size = 2, .window = 2, .rotary_base = 100, .rotary_scale = 2}, 3));
  for (const auto* name : {"query", "key", "value", "output"})
    model.values("attention0", name).values = {1, 0, 0, 1};
  auto answers = model.answer(tokens({0, 1, 0}));
  // Neighbours are half a radian apart, the two tokens a quarter turn.
  auto score = [](double product) { return std::exp(product / std::sqrt(2)); };
  CHECK(lead(answers, 0) == -2);
  auto of_first = score(-std::sin(0.5)) / (score(-std::sin(0.5)) + score(1));
  CHECK(lead(answers, 1) == approximately(2 - 2 * of_first));
  auto of_second = score(std::sin(0.5)) / (score(std::sin(0.5)) + score(1));
  CHECK(lead(answers, 2) == approximately(2 * of_second - 2));
}

TEST_CASE("reference: queries that share a key head, and no cause") {
  attention_settings how{.head_size = 1, .queries = 2, .causal = false};
  auto model = see_through(attending_network(how, 2));
  model.values("attention0", "query").values = {0, 0, 0, std::log(3)};
  model.values("attention0", "key").values = {1, 0};
  model.values("attention0", "value").values = {0, 1};
  model.values("attention0", "output").values = {1, 0, 0, 1};
  // The value of token 1 is 1, that of token 0 is 0. The first query sees both
  // alike; the second, of token 1, sees token 0 three times as well.
  auto answers = model.answer(tokens({0, 1, 1, 0}));
  for (size_t first : {0, 3})
    CHECK(lead(answers, first) == -1);
  for (size_t second : {1, 2})
    CHECK(lead(answers, second) == 1 + 0.25 - 0.5);
}

TEST_CASE("reference: normalised heads of several pairs") {
  attention_settings how{
      .head_size = 4, .rotary_base = 16, .head_norm = norm_kind::rms};
  auto model = see_through(attending_network(how, 2, 0.11));
  // Every query and key is (0, 1, 0, 0), of a mean square of 1/4.
  for (const auto* name : {"query", "key"})
    model.values("attention0", name).values = {0, 0, 1, 1, 0, 0, 0, 0};
  for (const auto* name : {"value", "output"})
    model.values("attention0", name).values = {1, 0, 0, 1, 0, 0, 0, 0};
  model.values("attention0", "query_gain").values = {9, 2, 9, 9};
  model.values("attention0", "key_gain").values = {9, 0.3, 9, 9};
  // The second pair turns by 16^(-2/4) a position.
  auto ratio = std::exp(0.6 / 0.36 * (1 - std::cos(0.25)) / 2);
  auto answers = model.answer(tokens({0, 1}));
  CHECK(lead(answers, 1) == approximately(1 + (ratio - 1) / (ratio + 1)));
}

TEST_CASE("reference: an mlp with gates and biases") {
  transformer_writer out{2, 0, 2};
  out.stream({}, false);
  out.mlp(1, activation::silu, true, true);
  out.stream({}, true);
  auto model = see_through(out.finish(1));
  model.values("tokens", "weight").values = {1, 2, 0, 0};
  model.values("mlp0", "up").values = {1, 1};
  model.values("mlp0", "up_bias").values = {-1};
  model.values("mlp0", "gate").values = {2, -1};
  model.values("mlp0", "gate_bias").values = {1};
  model.values("mlp0", "down").values = {0, 3};
  model.values("stream1", "bias").values = {0.5, 0};
  CHECK(lead(model.answer(tokens({0})), 0)
        == approximately(2 + 3 * 2 / (1 + std::exp(-1)) - 1.5));
}

TEST_CASE("reference: gradients are the slopes of the loss") {
  CHECK(rc::check("for every parameter", [] {
    auto net = any_transformer();
    auto seed = *rc::gen::inRange<uint64_t>(0, 1000);
    transformer_reference model{net, {}, drawn_parameters(net, seed)};
    auto inputs = any_tokens(net, 2, seed);
    auto targets = any_tokens(net, 2, seed + 1);
    auto loss = model.differentiate(inputs, targets);
    RC_ASSERT(std::abs(loss - model.loss(inputs, targets)) < 1e-12);
    for_each_parameter(net, [&](const layer& x, const layer_parameter& p) {
      const auto& gradient = model.gradient(x.name, p.name);
      RC_ASSERT(gradient.rows == x.units);
      RC_ASSERT(gradient.columns == p.columns);
      // Some of large matrices, all of small ones.
      auto every = stride * (1 + gradient.values.size() / 12);
      for (size_t i = 0; i < gradient.values.size(); i += every) {
        auto found = gradient.values[i];
        auto& at = model.values(x.name, p.name).values[i];
        // A kink of relu may be nearer than the wider step.
        auto error =
            std::min(std::abs(slope(model, at, 1e-5, inputs, targets) - found),
                     std::abs(slope(model, at, 1e-7, inputs, targets) - found));
        RC_LOG() << x.name << ' ' << p.name << ' ' << i << ": " << found
                 << ", wrong by " << error << '\n';
        RC_ASSERT(error < 1e-7 * (1 + std::abs(found)));
      }
    });
  }));
}

namespace {

/// The same model untied: a table that has the rows of the vocabulary.
transformer_reference untied(const transformer_reference& tied,
                             const network& net) {
  auto out = reference_of(net);
  for_each_parameter(net, [&](const layer& x, const layer_parameter& p) {
    const auto& from = x.name == "tokens" ? net.output().name : x.name;
    out.values(x.name, p.name) = tied.values(from, p.name);
  });
  return out;
}

} // namespace

TEST_CASE("reference: gradients of rows that are tied add up") {
  for (auto post_norm : {false, true}) {
    auto net = small_gpt(1, 6, 2, 4, 5, {post_norm, true});
    auto model = reference_of(net);
    auto other = untied(model, small_gpt(1, 6, 2, 4, 5, {post_norm, false}));
    auto inputs = any_tokens(net, 2, 1), targets = any_tokens(net, 2, 2);
    CHECK(model.differentiate(inputs, targets)
          == other.differentiate(inputs, targets));
    const auto& sum = model.gradient("vocabulary", "weight");
    const auto& above = other.gradient("vocabulary", "weight");
    const auto& below = other.gradient("tokens", "weight");
    for (size_t i = 0; i < sum.values.size(); ++i)
      CHECK(sum.values[i]
            == doctest::Approx(above.values[i] + below.values[i]));
    CHECK(model.gradient("mlp1", "up").values
          == other.gradient("mlp1", "up").values);
  }
}

TEST_CASE("reference: an example does not see others, nor what comes after") {
  CHECK(rc::check("rows that no row before them depends on", [] {
    auto net = any_transformer();
    auto causal = std::ranges::all_of(
        net.layers, [](const layer& x) { return x.attention.causal; });
    auto model = reference_of(net);
    auto inputs = any_tokens(net, 3, 5);
    auto changed = *rc::gen::inRange<size_t>(0, 3 * net.context);
    auto xs = inputs.values<int32_t>();
    std::vector<int32_t> others{xs.begin(), xs.end()};
    others[changed] ^= 1; // there are two tokens at least
    if (static_cast<uint64_t>(others[changed]) >= net.layers.front().tokens)
      others[changed] = 0;
    auto x = model.answer(inputs), y = model.answer(tokens(others));
    for (size_t row = 0; row < x.rows; ++row) {
      auto apart = row / net.context != changed / net.context
                   || (causal && row < changed);
      for (size_t j = 0; apart && j < x.columns; ++j)
        RC_ASSERT(x.at(row, j) == y.at(row, j));
    }
  }));
}

TEST_CASE("reference: clipped gradients") {
  train_settings how;
  how.optimizer = {.kind = optimizer_kind::sgd, .momentum = 0, .clip = 0.125f};
  how.schedule.rate = 0.5f;
  auto net = small_gpt();
  auto model = reference_of(net, how);
  auto before = model;
  model.step(any_tokens(net, 4, 1), any_tokens(net, 4, 2));
  auto sum = 0.0;
  for_each_parameter(net, [&](const layer& x, const layer_parameter& p) {
    const auto& from = before.values(x.name, p.name).values;
    const auto& to = model.values(x.name, p.name).values;
    for (size_t i = 0; i < from.size(); ++i)
      sum += (to[i] - from[i]) * (to[i] - from[i]);
  });
  CHECK(std::sqrt(sum) == doctest::Approx(0.5 * 0.125));
}

TEST_CASE("reference: decay beside the gradient, of what multiplies") {
  train_settings how;
  how.optimizer = {.kind = optimizer_kind::adamw, .weight_decay = 0.5f};
  how.schedule.rate = 0.25f;
  auto net = small_llama();
  auto model = reference_of(net, how);
  auto before = model;
  model.step(any_tokens(net, 4, 1), any_tokens(net, 4, 2));
  // The first step of Adam is the rate, whatever the gradient.
  auto check = [&](const char* layer, const char* name, double decay) {
    auto w = before.values(layer, name).at(3, 0);
    auto sign = std::copysign(1, model.gradient(layer, name).at(3, 0));
    CHECK(model.values(layer, name).at(3, 0)
          == doctest::Approx(w - 0.25 * decay * w - 0.25 * sign));
  };
  check("mlp1", "gate", 0.5);
  check("stream4", "gain", 0);
}

TEST_CASE("reference: decay through the gradient, and momentum") {
  train_settings how;
  how.optimizer = {.kind = optimizer_kind::sgd,
                   .momentum = 0.25f,
                   .weight_decay = 0.5f,
                   .clip = 100};
  how.schedule.rate = 0.125f;
  auto model = reference_of(plain_network(), how);
  auto& w = model.values("vocabulary", "weight").at(1, 1);
  auto expected = w, velocity = 0.0;
  for (int i = 0; i < 3; ++i) {
    auto before = w;
    model.step(tokens({0, 1, 1}), tokens({0, 0, 1}));
    auto g = model.gradient("vocabulary", "weight").at(1, 1);
    velocity = 0.25 * velocity + g + 0.5 * before;
    expected -= 0.125 * velocity;
    CHECK(w == doctest::Approx(expected));
  }
}

TEST_CASE("reference: moments of Adam") {
  train_settings how;
  how.optimizer = {.kind = optimizer_kind::adam,
                   .beta1 = 0.5f,
                   .beta2 = 0.75f,
                   .epsilon = 0.0625f,
                   .weight_decay = 0.5f};
  how.schedule.rate = 0.125f;
  auto model = reference_of(plain_network(), how);
  auto& w = model.values("vocabulary", "weight").at(0, 1);
  auto step = [&] {
    auto before = w;
    model.step(tokens({0, 1, 1}), tokens({0, 0, 1}));
    return model.gradient("vocabulary", "weight").at(0, 1) + 0.5 * before;
  };
  auto start = w;
  auto first = step();
  auto after = start - 0.125 * first / (std::abs(first) + 0.0625);
  CHECK(w == doctest::Approx(after));
  auto second = step();
  // Means weighted by 1/3 and 2/3, and by 3/7 and 4/7.
  auto mean = (first + 2 * second) / 3;
  auto square = (3 * first * first + 4 * second * second) / 7;
  CHECK(
      w
      == doctest::Approx(after - 0.125 * mean / (std::sqrt(square) + 0.0625)));
}

TEST_CASE("reference: the rate warms up and falls") {
  train_settings how;
  how.optimizer = {.kind = optimizer_kind::sgd, .momentum = 0};
  how.schedule = {schedule_kind::cosine, 0.5f, 0.125f, 2, 5};
  auto net = plain_network();
  auto model = reference_of(net, how);
  for (auto rate : {0.25, 0.5, 0.5, 0.3125, 0.125, 0.125}) {
    auto w = model.values("tokens", "weight").at(0, 0);
    model.step(tokens({0, 1}), tokens({0, 0}));
    auto g = model.gradient("tokens", "weight").at(0, 0);
    CHECK(model.values("tokens", "weight").at(0, 0)
          == doctest::Approx(w - rate * g));
  }
}

TEST_CASE("reference: it learns") {
  train_settings how;
  how.optimizer.kind = optimizer_kind::adamw;
  how.schedule.rate = 0.01f;
  transformer_variant both{.post_norm = true, .tied = true};
  for (const auto& net :
       {small_gpt(), small_llama(), small_gpt(both), small_llama(both)}) {
    auto model = reference_of(net, how);
    auto inputs = any_tokens(net, 4, 1), targets = any_tokens(net, 4, 2);
    auto first = model.step(inputs, targets);
    for (int i = 0; i < 30; ++i)
      model.step(inputs, targets);
    CHECK(first > 2);
    CHECK(model.loss(inputs, targets) < 0.5);
  }
}

TEST_CASE("reference: parameters of any partition") {
  CHECK(rc::check("the same model", [] {
    auto net = any_transformer();
    auto whole = drawn_parameters(net, 7);
    auto split = drawn_parameters(net, 7, any_partition(net));
    transformer_reference model{net, {}, split};
    RC_ASSERT(model.largest_difference(whole) == 0);
    auto lacking = split;
    lacking.erase(std::ranges::find_if(
        lacking, [](const parameter_set& x) { return !x.parameters.empty(); }));
    RC_ASSERT_THROWS_AS(transformer_reference(net, {}, lacking),
                        std::invalid_argument);
  }));
}

TEST_CASE("reference: differences of parameters") {
  auto net = plain_network();
  auto model = reference_of(net);
  auto there = drawn_parameters(net, 1);
  model.values("tokens", "weight").at(1, 0) += 0.5;
  CHECK(model.largest_difference(there) == doctest::Approx(0.5));
  model.values("tokens", "weight").at(0, 0) = std::nan("");
  CHECK(std::isnan(model.largest_difference(there)));
}

TEST_CASE("reference: what it does not know") {
  auto net = small_gpt();
  net.layers[3].dropout = 0.1;
  CHECK_THROWS_AS(reference_of(net), std::invalid_argument);
  auto dense = small_language_model();
  CHECK_THROWS_AS(reference_of(dense), std::invalid_argument);
  auto model = reference_of(small_llama());
  CHECK_THROWS_AS(model.answer(tokens({1, 2, 3})), std::invalid_argument);
}

TEST_CASE("small transformers have as many parameters as their kinds") {
  // 12 h^2 + 13 h of a block, and of the ends.
  CHECK(small_gpt().parameter_count()
        == 2 * (12 * 24 * 24 + 13 * 24) + 2 * 24 + (11 + 8 + 11) * 24);
  CHECK(small_llama().parameter_count()
        == 2 * (32 * (32 + 8 + 8 + 32) + 3 * 32 * 85 + 2 * 32) + 32
               + (11 + 11) * 32);
  // A norm that is carried has none, rows that are tied are counted once.
  CHECK(small_gpt({.post_norm = true}).parameter_count()
        == small_gpt().parameter_count());
  CHECK(small_gpt({.tied = true}).parameter_count()
        == small_gpt().parameter_count() - 11 * 24);
}
