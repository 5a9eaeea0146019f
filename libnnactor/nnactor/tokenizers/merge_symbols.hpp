#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace nnactor {

/// A part of a text on its way to become a token.
struct symbol {
  size_t begin = 0; ///< Of its bytes.
  size_t end = 0;
  int32_t id = -1; ///< -1: it is no piece.
};

/// What two symbols in a row become.
struct merged_pair {
  double order = 0; ///< The lowest is merged first, of equal ones the leftmost.
  int32_t id = -1;
};

/// Merges neighbours until none can be. `find(left, right)` gives the
/// `merged_pair` of two symbols as an optional. Takes O(n log n) steps for n
/// symbols, whatever they are.
/// @pre Each symbol ends where the next one begins, none is empty.
template <class Find>
void merge_symbols(std::vector<symbol>& all, Find find) {
  struct candidate {
    double order;
    size_t left;
    size_t right;
    size_t end;
    int32_t id;

    bool operator<(const candidate& other) const {
      return order != other.order ? order > other.order : left > other.left;
    }
  };
  // Neighbours that are left, by index; the size of `all` is none.
  auto none = all.size();
  std::vector<size_t> previous(none);
  std::vector<size_t> next(none);
  std::vector<candidate> first;
  auto propose = [&](size_t left, size_t right, auto add) {
    if (left == none || right == none)
      return;
    if (auto made = find(all[left], all[right]))
      add(candidate{made->order, left, right, all[right].end, made->id});
  };
  for (size_t i = 0; i < none; ++i) {
    previous[i] = i == 0 ? none : i - 1;
    next[i] = i + 1;
    propose(previous[i], i, [&](const candidate& x) { first.push_back(x); });
  }
  std::priority_queue<candidate> best{std::less<candidate>{}, std::move(first)};
  auto push = [&](const candidate& x) { best.push(x); };
  auto is_gone = [](const symbol& x) { return x.begin == x.end; };
  while (!best.empty()) {
    auto x = best.top();
    best.pop();
    auto& left = all[x.left];
    auto& right = all[x.right];
    // One of both has been merged since.
    if (is_gone(left) || left.end != right.begin || right.end != x.end)
      continue;
    left.end = right.end;
    left.id = x.id;
    right.end = right.begin;
    next[x.left] = next[x.right];
    if (next[x.left] != none)
      previous[next[x.left]] = x.left;
    propose(previous[x.left], x.left, push);
    propose(x.left, next[x.left], push);
  }
  std::erase_if(all, is_gone);
}

} // namespace nnactor
