#include "device/kernels.hpp"

using namespace nnactor;

namespace {

uint64_t any_count(int first, int last) {
  return static_cast<uint64_t>(*rc::gen::inRange(first, last));
}

/// Mostly of few columns, in any order; they lead to columns side by side, or
/// with some left out between.
struct span_case {
  span_case() {
    auto count = any_count(0, 30);
    auto gaps = *rc::gen::arbitrary<bool>() ? 3 : 1;
    for (uint64_t i = 0; i < count; ++i) {
      auto most = *rc::gen::element(3, 3, 20, 60);
      column_span x{any_count(0, 50), to_columns, any_count(0, most + 1)};
      spans.push_back(x);
      from_columns = std::max(from_columns, x.from + x.count);
      to_columns += x.count + any_count(0, gaps);
    }
    for (auto i = spans.size(); i > 1; --i)
      std::swap(spans[i - 1], spans[any_count(0, static_cast<int>(i))]);
  }

  uint64_t from_columns = 1;
  uint64_t to_columns = 0;
  std::vector<column_span> spans;
};

void copy_one_by_one(const values& from, const std::vector<column_span>& spans,
                     values& to) {
  for (uint64_t r = 0; r < from.rows; ++r)
    for (const auto& x : spans)
      for (uint64_t i = 0; i < x.count; ++i)
        to.out().row(r)[x.to + i] = from.in().row(r)[x.from + i];
}

} // namespace

TEST_CASE("spans lead columns where they say, and all others stay") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    span_case of;
    auto rows = any_count(0, 12);
    auto from = values::random(rows, of.from_columns, 1);
    auto start = values::random(rows, of.to_columns + any_count(0, 5), 2);
    auto expected = start;
    copy_one_by_one(from, of.spans, expected);
    for (auto& dev : devices) {
      auto to = start;
      dev->copy_spans(from.in(), of.spans, to.out());
      RC_ASSERT(same_bits(to.data, expected.data));
    }
  }));
}

TEST_CASE("columns that were packed are placed where they were") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    span_case of;
    auto rows = any_count(1, 12);
    auto x = values::random(rows, of.to_columns + 1, 1);
    uint64_t columns = 0;
    std::vector<column_span> pack, place;
    for (const auto& span : of.spans) {
      pack.push_back({span.to, columns, span.count});
      place.push_back({columns, span.to, span.count});
      columns += span.count;
    }
    for (auto& dev : devices) {
      values packed{rows, columns, not_a_number};
      dev->copy_spans(x.in(), pack, packed.out());
      auto back = x;
      dev->copy_spans(packed.in(), place, back.out());
      RC_ASSERT(same_bits(back.data, x.data));
      std::ranges::fill(back.data, 0.0f);
      dev->copy_spans(packed.in(), place, back.out());
      values expected{rows, x.columns};
      copy_one_by_one(packed, place, expected);
      RC_ASSERT(same_bits(back.data, expected.data));
    }
  }));
}
