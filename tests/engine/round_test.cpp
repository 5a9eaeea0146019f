#include "engine/networks.hpp"
#include "support/networks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr uint32_t context = 40;
constexpr uint32_t all_pages = 32;

train_settings writing() {
  train_settings how;
  how.learns = false;
  how.pages = all_pages;
  return how;
}

std::vector<int32_t> any_tokens(uint64_t seed, uint64_t count) {
  counter_random random{seed, 9};
  std::vector<int32_t> out;
  for (uint64_t i = 0; i < count; ++i)
    out.push_back(static_cast<int32_t>(random.bits(i) % 11));
  return out;
}

tensor column(const std::vector<int32_t>& values) {
  tensor_builder<int32_t> out{{values.size(), 1}};
  std::ranges::copy(values, out.values().begin());
  return std::move(out).share();
}

/// A text that is read in pieces, wherever its pages are.
struct reader {
  std::vector<int32_t> tokens;
  std::vector<uint32_t> pages; ///< Of all positions.
  uint32_t read = 0;
  std::vector<std::vector<float>> logits = {}; ///< By position.

  bool is_done() const {
    return read == tokens.size();
  }
};

/// Reads some of each text in one round, so many rows at most.
void read_on(plain_loop& loop, std::vector<reader*> from, uint32_t most) {
  token_round next;
  std::vector<int32_t> tokens;
  for (auto* x : from) {
    auto rows =
        std::min(most, static_cast<uint32_t>(x->tokens.size()) - x->read);
    auto pages = x->pages;
    pages.resize(pages_for(x->read + rows));
    next.parts.push_back({x->read, rows, rows, pages});
    tokens.insert(tokens.end(), x->tokens.begin() + x->read,
                  x->tokens.begin() + x->read + rows);
  }
  REQUIRE(!check(next, {all_pages, context, 1000}));
  auto logits = loop.generate(next, column(tokens));
  uint64_t row = 0;
  for (size_t i = 0; i < from.size(); ++i)
    for (uint32_t j = 0; j < next.parts[i].rows; ++j, ++row, ++from[i]->read) {
      auto values = logits.values<float>().subspan(
          row * logits.extent().columns, logits.extent().columns);
      from[i]->logits.emplace_back(values.begin(), values.end());
    }
}

/// Reads a text alone, all at once.
std::vector<std::vector<float>> alone(plain_loop& loop,
                                      const std::vector<int32_t>& tokens) {
  reader x{tokens, {0, 1, 2}};
  read_on(loop, {&x}, context);
  return x.logits;
}

std::vector<network> networks() {
  auto near = small_llama(2, 32, 8, 2, context);
  for (auto& x : near.layers)
    if (x.kind == layer_kind::attention)
      x.attention.window = 5;
  return {small_gpt(2, 24, 4, context), small_llama(2, 32, 8, 2, context),
          small_gpt(1, 24, 4, context, 11, {.post_norm = true, .tied = true}),
          near};
}

partition halves(const network& net) {
  return parts_of(net, {mechanism::even, true, 1, 2, {}, {}});
}

} // namespace

TEST_CASE("a text is answered as a sequence that comes as a whole") {
  for (const auto& net : networks())
    for (auto make : {make_reference_device, make_cpu_device}) {
      auto dev = make();
      plain_loop loop{net, make_group_graph(net, halves(net)), writing(), *dev};
      auto tokens = any_tokens(3, context);
      auto logits = alone(loop, tokens);
      auto expected = loop.answer(column(tokens));
      for (uint64_t p = 0; p < context; ++p) {
        auto sum = 0.0;
        for (auto x : logits[p])
          sum += std::exp(static_cast<double>(x));
        for (size_t i = 0; i < logits[p].size(); ++i)
          CHECK(std::exp(static_cast<double>(logits[p][i])) / sum
                == doctest::Approx(
                       expected.values<float>()[p * logits[p].size() + i])
                       .epsilon(1e-4));
      }
    }
}

TEST_CASE("what a text gives depends on nothing that is beside it") {
  for (const auto& net : networks()) {
    auto dev = make_cpu_device();
    plain_loop loop{net, make_group_graph(net, halves(net)), writing(), *dev};
    auto first = any_tokens(1, 37);
    auto second = any_tokens(2, 21);
    auto third = any_tokens(3, context);
    auto expected = alone(loop, first);
    for (uint32_t most : {1u, 2u, 5u, 16u, 17u, context}) {
      CAPTURE(most);
      reader a{first, {7, 31, 2}}, b{second, {9, 4}}, c{third, {30, 1, 8}};
      read_on(loop, {&b}, 3);
      while (!a.is_done()) {
        std::vector<reader*> now{&a};
        for (auto* x : {&b, &c})
          if (!x->is_done())
            now.insert(x == &b ? now.begin() : now.end(), x);
        read_on(loop, now, most);
      }
      CHECK(a.logits == expected);
    }
  }
}

TEST_CASE("a prefix is read once for all texts that begin with it") {
  auto net = small_llama(2, 32, 8, 2, context);
  auto dev = make_cpu_device();
  plain_loop loop{net, make_group_graph(net, halves(net)), writing(), *dev};
  auto text = any_tokens(5, context);
  reader first{text, {3, 4, 5}};
  read_on(loop, {&first}, context);
  auto other = text;
  other[20] = (other[20] + 1) % 11;
  auto expected = alone(loop, other);
  reader second{other, {3, 8, 9}, page_positions};
  read_on(loop, {&second}, 7);
  CHECK(second.logits.front() == expected[page_positions]);
  CHECK(second.logits.back() == expected[page_positions + 6]);
}

TEST_CASE("a round that no group can compute is refused") {
  cache_limits limits{8, context, 16};
  round_part right{14, 4, 1, {0, 7}};
  CHECK(!check(token_round{{right}}, limits));
  auto refused = [&](auto change) {
    auto wrong = right;
    change(wrong);
    return code_of(check(token_round{{wrong}}, limits))
           == ec::protocol_violation;
  };
  CHECK(refused([](auto& x) { x.pages = {0, 8}; }));
  CHECK(refused([](auto& x) { x.pages = {0}; }));
  CHECK(refused([](auto& x) { x.pages = {0, 1, 2}; }));
  CHECK(refused([](auto& x) { x.rows = 0; }));
  CHECK(refused([](auto& x) { x.wanted = 5; }));
  CHECK(refused([](auto& x) { x.wanted = 0; }));
  CHECK(refused([](auto& x) { x.first = context - 3; }));
  CHECK(refused([](auto& x) { x.first = 0xffffffff; }));
  CHECK(code_of(check(token_round{}, limits)) == ec::protocol_violation);
  CHECK(code_of(check(token_round{{round_part{0, 17, 1, {0, 1}}}}, limits))
        == ec::protocol_violation);
}
