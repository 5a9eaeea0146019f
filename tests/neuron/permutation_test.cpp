#include "nnactor/neuron/permutation.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

using namespace nnactor;

TEST_CASE("a permutation hits every value once and can be undone") {
  CHECK(rc::check("bijective with the right inverse", [] {
    auto size = *rc::gen::inRange<uint64_t>(1, 500);
    permutation order{size, *rc::gen::arbitrary<uint64_t>()};
    std::vector<bool> hit(size);
    for (uint64_t x = 0; x < size; ++x) {
      auto y = order(x);
      RC_ASSERT(y < size);
      RC_ASSERT(!hit[y]);
      hit[y] = true;
      RC_ASSERT(order.inverse(y) == x);
    }
  }));
}

TEST_CASE("the largest sizes work too") {
  for (auto size : {uint64_t{1} << 62, (uint64_t{1} << 62) - 1,
                    (uint64_t{1} << 32) + 1, (uint64_t{1} << 40) - 1}) {
    permutation order{size, 7};
    for (auto x : {uint64_t{0}, uint64_t{1}, size / 2, size - 1}) {
      CHECK(order(x) < size);
      CHECK(order.inverse(order(x)) == x);
    }
  }
}

TEST_CASE("another key gives another order, the same key the same") {
  permutation a{1000, 1};
  permutation b{1000, 2};
  permutation c{1000, 1};
  uint64_t equal = 0;
  for (uint64_t x = 0; x < 1000; ++x) {
    equal += a(x) == b(x) ? 1 : 0;
    CHECK(a(x) == c(x));
  }
  CHECK(equal < 20); // one in a thousand by chance
}

TEST_CASE("the first tenth of the order is spread evenly") {
  // 10,000 of 100,000 fall into ten bins of 1,000 expected each; the standard
  // deviation is 28, so 150 is more than five of them.
  for (uint64_t key = 0; key < 20; ++key) {
    permutation order{100000, key};
    std::vector<int> bins(10);
    for (uint64_t x = 0; x < 10000; ++x)
      ++bins[order(x) / 10000];
    for (auto count : bins) {
      CHECK(count > 850);
      CHECK(count < 1150);
    }
  }
}
