#include "device/kernels.hpp"

using namespace nnactor;

namespace {

using heads = device::attention_heads;

token_matrix as_column(const std::vector<int32_t>& x) {
  return {x.data(), x.size(), 1};
}

/// Some rows of sequences, in any order, and where a cache has them.
struct listed_rows {
  device::cached_rows at() const {
    return {as_column(positions), as_column(first_page), as_column(pages)};
  }

  /// Some of them.
  listed_rows part(std::span<const int32_t> which) const {
    listed_rows out;
    out.pages = pages;
    for (auto r : which) {
      out.positions.push_back(positions[static_cast<size_t>(r)]);
      out.first_page.push_back(first_page[static_cast<size_t>(r)]);
    }
    return out;
  }

  std::vector<int32_t> positions, first_page, pages;
};

/// Sequences side by side, all of them whole.
struct texts {
  /// Of `lengths` positions each; pages lie as `seed` says, with room between
  /// them.
  texts(const heads& how, std::vector<int32_t> lengths, uint64_t seed)
      : how(how), lengths(std::move(lengths)) {
    for (auto length : this->lengths) {
      auto first = static_cast<int32_t>(rows.pages.size());
      for (int32_t position = 0; position < length; ++position) {
        rows.positions.push_back(position);
        rows.first_page.push_back(first);
      }
      auto many =
          (static_cast<uint64_t>(length) + page_positions - 1) / page_positions;
      rows.pages.resize(rows.pages.size() + many);
    }
    all_pages = static_cast<int32_t>(rows.pages.size()) + 3;
    auto places = shuffled(all_pages, seed);
    std::copy_n(places.begin(), rows.pages.size(), rows.pages.begin());
    auto count = rows.positions.size();
    q = values::random(count, how.heads * how.queries * how.size, 1);
    k = values::random(count, how.heads * how.size, 2);
    v = values::random(count, how.heads * how.size, 3);
    for (auto& x : q.data)
      x *= 3; // Not all shares alike.
  }

  /// A cache that has all rows, and NaN where there are none.
  values kept(device& dev, const values& x) const {
    values out{static_cast<uint64_t>(all_pages) * page_positions, x.columns,
               not_a_number};
    dev.keep_rows(rows.at(), x.in(), out.out());
    return out;
  }

  /// Row by row, as one block of all.
  values attended(device& dev) const {
    values y{q.rows, q.columns, not_a_number};
    auto keys = kept(dev, k), cached = kept(dev, v);
    dev.attend_cached(how, rows.at(), q.in(), keys.in(), cached.in(), y.out());
    return y;
  }

  /// What attention to whole sequences gives.
  values attended_at_once(device& dev) const {
    values y{q.rows, q.columns}, sums{q.rows, how.heads * how.queries};
    uint64_t first = 0;
    for (auto length : lengths) {
      auto count = static_cast<uint64_t>(length);
      auto one = how;
      one.context = static_cast<uint32_t>(length);
      dev.attend(one, rows_of(q, first, count), rows_of(k, first, count),
                 rows_of(v, first, count),
                 {y.out().row(first).data(), count, y.columns},
                 {sums.out().row(first).data(), count, sums.columns});
      first += count;
    }
    return y;
  }

  heads how;
  std::vector<int32_t> lengths;
  listed_rows rows; ///< One sequence after the other.
  int32_t all_pages = 0;
  values q{0, 0}, k{0, 0}, v{0, 0};
};

const std::vector<int32_t> some_lengths = {1, 16, 17, 50, 33};

std::vector<heads> some_heads() {
  std::vector<heads> all;
  for (uint64_t window : {0, 1, 5, 16, 40})
    for (uint64_t queries : {1, 3, 5})
      all.push_back({.heads = 2,
                     .queries = queries,
                     .size = window == 5 ? 17u : 64u,
                     .window = window});
  all.push_back({.heads = 3, .queries = 2, .size = 1});
  all.push_back({.heads = 1, .queries = 2, .size = 300});
  return all;
}

} // namespace

TEST_CASE("rows are kept where their pages are, and nothing else is changed") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    texts of{{.heads = 2, .size = 5}, some_lengths, 1};
    auto cache = of.kept(*dev, of.k);
    uint64_t written = 0;
    for (uint64_t r = 0; r < of.k.rows; ++r) {
      auto position = static_cast<uint64_t>(of.rows.positions[r]);
      auto page = of.rows.pages[static_cast<size_t>(of.rows.first_page[r])
                                + position / page_positions];
      auto row = static_cast<uint64_t>(page) * page_positions
                 + position % page_positions;
      CHECK(same_bits(cache.in().row(row), of.k.in().row(r)));
      written += cache.columns;
    }
    auto is_nan = [](float x) { return std::isnan(x); };
    CHECK(static_cast<uint64_t>(std::ranges::count_if(cache.data, is_nan))
          == cache.data.size() - written);
  }
}

TEST_CASE("attention to a cache is attention to the whole sequence") {
  auto reference = make_reference_device();
  auto devices = all_devices();
  for (auto& how : some_heads()) {
    CAPTURE(how.window);
    CAPTURE(how.queries);
    CAPTURE(how.size);
    texts of{how, some_lengths, 2};
    auto expected = widened(of.attended_at_once(*reference));
    for (auto& dev : devices) {
      CAPTURE(dev->name());
      CHECK(largest_difference(of.attended(*dev), expected) < 1e-5);
    }
  }
}

TEST_CASE("long texts are attended to in a cache as short ones are") {
  auto reference = make_reference_device();
  texts of{{.heads = 2, .queries = 3, .size = 32}, {700}, 3};
  auto expected = widened(of.attended_at_once(*reference));
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    CHECK(largest_difference(of.attended(*dev), expected) < 1e-5);
  }
}

TEST_CASE("attention to a cache gives a row the same bits among any others") {
  for (auto& dev : all_devices())
    for (auto& how : some_heads()) {
      CAPTURE(dev->name());
      CAPTURE(how.window);
      texts of{how, some_lengths, 4};
      auto whole = of.attended(*dev);
      auto keys = of.kept(*dev, of.k), cached = of.kept(*dev, of.v);
      auto order = shuffled(static_cast<int32_t>(of.q.rows), 5);
      for (size_t first = 0, block = 1; first < order.size();
           first += block, block = block % 7 + 1) {
        auto which = std::span{order}.subspan(
            first, std::min(block, order.size() - first));
        auto some = of.rows.part(which);
        auto q = picked(of.q, which);
        values y{q.rows, q.columns, not_a_number};
        dev->attend_cached(how, some.at(), q.in(), keys.in(), cached.in(),
                           y.out());
        CHECK(same_bits(y.data, picked(whole, which).data));
      }
      texts elsewhere{how, some_lengths, 6};
      CHECK(elsewhere.rows.pages != of.rows.pages);
      CHECK(same_bits(elsewhere.attended(*dev).data, whole.data));
    }
}

TEST_CASE("NaN in a cache reaches those that see it") {
  constexpr uint64_t bad_row = 40; // Position 6 of the fourth.
  for (auto& dev : all_devices())
    for (uint64_t window : {0, 9}) {
      CAPTURE(dev->name());
      texts of{{.heads = 2, .queries = 2, .size = 20, .window = window},
               some_lengths,
               7};
      of.k.out().row(bad_row)[3] = not_a_number;
      of.v.out().row(bad_row)[23] = not_a_number;
      auto found = of.attended(*dev);
      for (uint64_t r = 0; r < found.rows; ++r) {
        auto sees =
            r >= bad_row && r < 84 && (window == 0 || r < bad_row + window);
        CAPTURE(r);
        auto row = found.in().row(r);
        for (uint64_t c = 0; c < row.size(); ++c)
          CHECK(std::isnan(row[c]) == (sees && (c < 40 || c % 20 == 3)));
      }
    }
}

TEST_CASE("scores of a cache that are far from zero overflow nothing") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    texts of{{.heads = 1, .queries = 2, .size = 20}, some_lengths, 8};
    for (auto& x : of.q.data)
      x *= 1000;
    CHECK(std::ranges::all_of(of.attended(*dev).data,
                              [](float x) { return std::isfinite(x); }));
  }
}

TEST_CASE("rows are turned by the positions that they have") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    device::rotation how{.head_size = 6, .context = 50};
    auto whole = values::random(50, 18, 1);
    auto x = whole;
    dev->rotate(how, whole.out());
    auto order = shuffled(50, 2);
    order.resize(31);
    how.positions = as_column(order);
    auto some = picked(x, order);
    dev->rotate(how, some.out());
    CHECK(same_bits(some.data, picked(whole, order).data));
  }
}
