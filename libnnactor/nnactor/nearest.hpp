#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// Returns the number of characters to insert, delete or replace to get from
/// one word to the other (Levenshtein's distance).
inline size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < to.size(); ++j) {
      auto replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// Returns the candidate that is most like a mistyped word, the first of
/// equals, or "" if none is near: at most a third of the longer of the two
/// words, but always one character, may differ.
inline std::string nearest(std::string_view word,
                           const std::vector<std::string>& candidates) {
  std::string found;
  auto least = std::string_view::npos;
  for (const auto& candidate : candidates) {
    // Words of very different length are never near; this also keeps the
    // distance of overlong input from being computed.
    auto longer = std::max(word.size(), candidate.size());
    auto shorter = std::min(word.size(), candidate.size());
    auto allowed = std::max<size_t>(1, longer / 3);
    if (longer - shorter > allowed || longer > 256)
      continue;
    auto distance = edit_distance(word, candidate);
    if (distance <= allowed && distance < least) {
      least = distance;
      found = candidate;
    }
  }
  return found;
}

/// Renders "; did you mean 'hidden'?", or nothing if no candidate is near.
inline std::string did_you_mean(std::string_view word,
                                const std::vector<std::string>& candidates) {
  auto found = nearest(word, candidates);
  return found.empty() ? found : "; did you mean '" + found + "'?";
}

} // namespace nnactor
