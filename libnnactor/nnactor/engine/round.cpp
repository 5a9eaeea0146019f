#include "nnactor/engine/round.hpp"

#include "nnactor/engine/columns.hpp"

#include <algorithm>

namespace nnactor {

namespace {

tensor column_of(const std::vector<int32_t>& values) {
  tensor_builder<int32_t> out{{values.size(), 1}};
  std::ranges::copy(values, out.values().begin());
  return std::move(out).share();
}

caf::error check(const round_part& what, const cache_limits& limits) {
  auto end = uint64_t{what.first} + what.rows;
  if (what.rows == 0 || what.wanted > what.rows || end > limits.context)
    return fail(ec::protocol_violation,
                "a round has {} rows from position {} on, {} of them wanted; a "
                "sequence has {} positions",
                what.rows, what.first, what.wanted, limits.context);
  if (what.pages.size() != pages_for(end))
    return fail(ec::protocol_violation,
                "a round has {} pages for {} positions, which take {}",
                what.pages.size(), end, pages_for(end));
  for (auto page : what.pages)
    if (page >= limits.pages)
      return fail(ec::protocol_violation,
                  "a round asks for page {}, the cache has {}", page,
                  limits.pages);
  return {};
}

} // namespace

caf::error check(const token_round& what, const cache_limits& limits) {
  for (const auto& x : what.parts)
    if (auto err = check(x, limits))
      return err;
  if (what.wanted() == 0 || what.rows() > limits.rows)
    return fail(ec::protocol_violation,
                "a round has {} rows, {} of them wanted; it may have {}",
                what.rows(), what.wanted(), limits.rows);
  return {};
}

round_rows::round_rows(const token_round& of) {
  std::vector<int32_t> positions, first_page, pages, wanted;
  for (const auto& x : of.parts) {
    auto begin = static_cast<int32_t>(pages.size());
    for (uint32_t i = 0; i < x.rows; ++i) {
      if (i + x.wanted >= x.rows)
        wanted.push_back(static_cast<int32_t>(positions.size()));
      positions.push_back(static_cast<int32_t>(x.first + i));
      first_page.push_back(begin);
    }
    for (auto page : x.pages)
      pages.push_back(static_cast<int32_t>(page));
  }
  positions_ = column_of(positions);
  first_page_ = column_of(first_page);
  pages_ = column_of(pages);
  wanted_ = column_of(wanted);
}

round_rows::placed round_rows::place(device& dev) const {
  return {dev.place(positions_), dev.place(first_page_), dev.place(pages_)};
}

device::cached_rows round_rows::placed::view() const {
  return {view_tokens(positions), view_tokens(first_page), view_tokens(pages)};
}

} // namespace nnactor
