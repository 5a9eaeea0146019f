#include "nnactor/engine/softmax_share.hpp"

#include "device/kernels.hpp"
#include "engine/networks.hpp"
#include "nnactor/engine/columns.hpp"

#include <cmath>
#include <limits>

using namespace nnactor;

namespace {

constexpr auto none = std::numeric_limits<float>::quiet_NaN();

/// Rows of what groups tell: largest, sum, label, hit.
tensor told(const std::vector<std::array<float, 4>>& rows) {
  tensor_builder<float> out{{rows.size(), 4}};
  for (size_t r = 0; r < rows.size(); ++r)
    std::ranges::copy(rows[r], out.values().subspan(4 * r, 4).begin());
  return std::move(out).share();
}

tensor logits_of(const std::vector<float>& row) {
  tensor_builder<float> out{{1, row.size()}};
  std::ranges::copy(row, out.values().begin());
  return std::move(out).share();
}

} // namespace

TEST_CASE("summaries of a split softmax add up to that of the whole") {
  // Of logits 1, 3 | 2 | 3, 0 the label is the second one of the first group.
  auto e = [](double x) { return static_cast<float>(std::exp(x)); };
  auto total = total_of({told({{3, 1 + e(-2), 3, 1}}), told({{2, 1, 0, 0}}),
                         told({{3, 1 + e(-3), 0, 0}})});
  auto sum = std::exp(-2) + 1 + std::exp(-1) + 1 + std::exp(-3);
  CHECK(total.value.loss_sum == doctest::Approx(std::log(sum)));
  CHECK(total.value.correct == 1);
  CHECK(total.norm.extent() == shape{1, 2});
  CHECK(total.norm.values<float>()[0] == 3);
  CHECK(total.norm.values<float>()[1] == doctest::Approx(1 / sum));
}

TEST_CASE("of groups with equal values the first one is right") {
  auto first = std::array<float, 4>{2, 1, 2, 1};
  auto other = std::array<float, 4>{2, 1, 0, 0};
  CHECK(total_of({told({first}), told({other})}).value.correct == 1);
  CHECK(total_of({told({other}), told({first})}).value.correct == 0);
  auto less = std::array<float, 4>{1, 1, 0, 0};
  CHECK(total_of({told({less}), told({first}), told({other})}).value.correct
        == 1);
}

TEST_CASE("what is not a number in one group is none in the loss") {
  auto good = std::array<float, 4>{2, 1, 2, 1};
  for (auto largest : {2.0f, none}) {
    auto bad = std::array{largest, none, 0.0f, 0.0f};
    CHECK(std::isnan(total_of({told({good}), told({bad})}).value.loss_sum));
    CHECK(std::isnan(total_of({told({bad}), told({good})}).value.loss_sum));
  }
}

TEST_CASE("a group of the vocabulary knows which labels are its own") {
  layer vocabulary;
  vocabulary.kind = layer_kind::vocabulary;
  vocabulary.first = 100;
  softmax_share share{vocabulary, neuron_set{{{101, 103}, {105, 106}}}, 0.5f};
  tensor_builder<int32_t> labels{{4, 1}};
  std::ranges::copy(std::array{0, 2, 5, 6}, labels.values().begin());
  auto slots = share.slots_of(std::move(labels).share());
  auto found = slots.values<int32_t>();
  CHECK(std::vector(found.begin(), found.end()) == std::vector{-1, 1, 2, -1});
}

TEST_CASE("gradients of a split softmax are those of the whole") {
  std::vector<float> z{0.5f, -1, 2, 0.25f, 1.5f};
  for (auto& dev : all_devices()) {
    int32_t label = 3;
    values dz{1, 5};
    auto loss = dev->softmax_cross_entropy(view(logits_of(z)), {&label, 1, 1},
                                           0.5f, dz.out());
    std::vector<tensor> summaries;
    std::vector<tensor> parts;
    std::vector<tensor> slots;
    std::vector<softmax_share> shares;
    layer vocabulary;
    tensor_builder<int32_t> labels{{1, 1}};
    labels.values()[0] = label;
    auto all = std::move(labels).share();
    for (auto [begin, end] : {std::pair{0, 2}, std::pair{2, 5}}) {
      shares.emplace_back(vocabulary, neuron_set::range(begin, end), 0.5f);
      parts.push_back(
          dev->place(logits_of({z.begin() + begin, z.begin() + end})));
      slots.push_back(dev->place(shares.back().slots_of(all)));
      summaries.push_back(
          dev->fetch(shares.back().summary(*dev, parts.back(), slots.back())));
    }
    dev->finish();
    auto total = total_of(summaries);
    CHECK(total.value.loss_sum == doctest::Approx(loss));
    CHECK(total.value.correct == 0);
    size_t column = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      auto gradient = dev->fetch(
          shares[i].gradient(*dev, parts[i], slots[i], dev->place(total.norm)));
      dev->finish();
      for (auto x : gradient.values<float>())
        CHECK(x == doctest::Approx(dz.data[column++]));
    }
  }
}
