#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// Ends a text before the first stop string in it, although the text comes in
/// pieces that may divide one: what could be the begin of a stop string is held
/// back until it is clear. Whatever the pieces are, the outcome is the same:
/// the stop that ends first counts, of those that end together the longest.
/// Each byte takes a step for each stop string (Knuth, Morris and Pratt, SIAM
/// J. Comput. 6(2), 1977).
class stop_matcher {
public:
  /// @param stops An empty one is none.
  explicit stop_matcher(const std::vector<std::string>& stops);

  /// Takes more of the text and returns what of it is to be shown: whole
  /// characters if the stop strings and all pieces are.
  std::string feed(std::string_view more);

  /// Whether a stop string has come. Nothing is shown from then on.
  bool stopped() const noexcept {
    return stopped_;
  }

  /// What was held back, for a text that ends without a stop string.
  std::string finish();

private:
  struct pattern {
    std::string text;
    std::vector<size_t> shorter; ///< For n bytes that match: the most below n
                                 ///< that match where those end, too.
    size_t matched = 0;          ///< Bytes, of what has come last.

    void take(char byte);
  };

  std::vector<pattern> patterns_;
  std::string held_;
  bool stopped_ = false;
};

} // namespace nnactor
