#include "nnactor/sampling/weights.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace nnactor;

namespace {

using weights = std::vector<uint64_t>;

/// Tokens from the most to the least likely, the slow way.
std::vector<size_t> ranked(const weights& all) {
  std::vector<size_t> out(all.size());
  std::iota(out.begin(), out.end(), size_t{0});
  std::ranges::stable_sort(out,
                           [&](size_t a, size_t b) { return all[a] > all[b]; });
  return out;
}

weights plain_top_p(const weights& all, float share) {
  auto sum = std::accumulate(all.begin(), all.end(), uint64_t{0});
  auto wanted =
      std::ceil(static_cast<double>(sum) * static_cast<double>(share));
  weights out(all.size());
  uint64_t mass = 0;
  for (auto token : ranked(all)) {
    out[token] = all[token];
    mass += all[token];
    if (static_cast<double>(mass) >= wanted)
      break;
  }
  return out;
}

weights plain_top_k(const weights& all, size_t count) {
  weights out(all.size());
  auto order = ranked(all);
  for (size_t i = 0; i < std::min(count, order.size()); ++i)
    out[order[i]] = all[order[i]];
  return out;
}

template <class Keep, class Value>
weights kept(weights all, Keep keep, Value how) {
  keep(all, how);
  return all;
}

} // namespace

TEST_CASE("weights are shares of the most likely token") {
  auto half = static_cast<float>(std::log(0.5));
  auto unit = uint64_t{1} << 40;
  auto near = [](uint64_t x, double y) {
    return std::abs(static_cast<double>(x) - y) < 0x1p20;
  };
  auto all = weights_of(std::vector<float>{1, 1 + half, -INFINITY, NAN}, 1, 1);
  CHECK(all[0] == unit);
  CHECK(near(all[1], 0x1p39));
  CHECK(all[2] == 0);
  CHECK(all[3] == 0);
  CHECK(near(weights_of(std::vector<float>{1, 1 + half}, 1, 0.5f)[1], 0x1p38));
  CHECK(near(weights_of(std::vector<float>{1, 1 + half}, 1, 0.25f)[1], 0x1p36));
  CHECK(weights_of(std::vector<float>{0, -1}, 0, 1e-30f) == weights{unit, 0});
}

TEST_CASE("what stays is what has to, ties go to the lower number") {
  const weights all = {10, 40, 20, 20, 10};
  CHECK(kept(all, keep_top_k, 0u) == all);
  CHECK(kept(all, keep_top_k, 9u) == all);
  CHECK(kept(all, keep_top_k, 1u) == weights{0, 40, 0, 0, 0});
  CHECK(kept(all, keep_top_k, 2u) == weights{0, 40, 20, 0, 0});
  CHECK(kept(all, keep_top_p, 1.0f) == all);
  CHECK(kept(all, keep_top_p, 0.25f) == weights{0, 40, 0, 0, 0});
  CHECK(kept(all, keep_top_p, 0.5f) == weights{0, 40, 20, 0, 0});
  CHECK(kept(all, keep_top_p, 0.75f) == weights{0, 40, 20, 20, 0});
  CHECK(kept(all, keep_top_p, 0.875f) == weights{10, 40, 20, 20, 0});
  CHECK(kept(all, keep_min_p, 0.0f) == all);
  CHECK(kept(all, keep_min_p, 0.5f) == weights{0, 40, 20, 20, 0});
  CHECK(kept(all, keep_min_p, 1.0f) == weights{0, 40, 0, 0, 0});
}

TEST_CASE("the fast ways to choose keep what the plain ones keep") {
  CHECK(rc::check("top-k and top-p", [] {
    auto weight = rc::gen::inRange<uint64_t>(0, 20);
    auto all = *rc::gen::nonEmpty(rc::gen::container<weights>(weight));
    RC_PRE(*std::ranges::max_element(all) > 0);
    auto count = *rc::gen::inRange<uint32_t>(1, 40);
    auto share = static_cast<float>(*rc::gen::inRange(1, 100)) / 100;
    RC_ASSERT(kept(all, keep_top_k, count) == plain_top_k(all, count));
    RC_ASSERT(kept(all, keep_top_p, share) == plain_top_p(all, share));
  }));
}

TEST_CASE("shares of random bits are the weights") {
  const weights all = {0, 1, 0, 3, 0};
  auto quarter = uint64_t{1} << 62;
  CHECK(drawn_of(all, 0) == 1);
  CHECK(drawn_of(all, quarter - 1) == 1);
  CHECK(drawn_of(all, quarter) == 3);
  CHECK(drawn_of(all, UINT64_MAX) == 3);
}
