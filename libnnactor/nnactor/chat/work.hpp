#pragma once

#include "nnactor/chat/fault.hpp"
#include "nnactor/chat/limits.hpp"
#include "nnactor/chat/value.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace nnactor::chat {

/// What a rendering may still spend, and where in its template it is.
class work {
public:
  explicit work(size_t units) : left_(units) {
  }

  position where; ///< Of what is evaluated now.

  /// Fails where too much is spent; to be called before memory is taken.
  void spend(size_t units) {
    if (units > left_)
      refuse(where, "it does more than a prompt can need; is there a loop "
                    "without an end or a text that doubles?");
    left_ -= units;
  }

  /// Makes values, which are paid for.
  value text(marked_text x) {
    spend(x.size());
    return value{std::move(x)};
  }

  value list(std::vector<value> items, bool is_tuple = false) {
    spend(16 * items.size());
    auto depth = uint32_t{1};
    for (auto& x : items)
      depth = std::max(depth, 1 + depth_of(x));
    check_depth(depth);
    return value{std::make_shared<const sequence>(
        sequence{std::move(items), is_tuple, depth})};
  }

  value dictionary(std::vector<std::pair<marked_text, value>> items) {
    spend(32 * items.size());
    auto depth = uint32_t{1};
    for (auto& x : items)
      depth = std::max(depth, 1 + depth_of(x.second));
    check_depth(depth);
    return value{
        std::make_shared<const mapping>(mapping{std::move(items), depth})};
  }

private:
  void check_depth(uint32_t depth) const {
    if (depth > limits::value_depth)
      refuse(where, "lists and mappings are in each other more than {} deep",
             limits::value_depth);
  }

  size_t left_ = 0;
};

} // namespace nnactor::chat
