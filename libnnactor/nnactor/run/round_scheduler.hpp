#pragma once

#include "nnactor/engine/round.hpp"
#include "nnactor/run/page_pool.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace nnactor {

/// Which of several texts that are written together.
using text_id = uint64_t;

/// Decides which rows of which texts a network computes next (Orca, OSDI 2022):
/// a row for every text that is being written, then rows of what is to be read,
/// up to a limit. Texts come and go between rounds. A text is let in when the
/// cache has pages for all that it may become, so none is ever thrown out;
/// those that wait do so in the order in which they came, and longer for one
/// that reads the same beginning. Pure: it neither computes nor draws.
class round_scheduler {
public:
  explicit round_scheduler(const cache_limits& limits);

  /// Takes in a text of so many tokens more at most. Fails with
  /// `ec::invalid_argument` if it is longer than a sequence may be, or than the
  /// whole cache.
  /// @pre `prompt` is not empty, `more > 0`
  result<text_id> add(std::vector<int32_t> prompt, uint64_t more);

  /// Rows to compute.
  struct planned {
    token_round what;
    tensor tokens; ///< [rows, 1]
    /// By part and row of the logits: whose it is, and whether the text is read
    /// to its end, so that the logits are those of its next token.
    struct answer {
      text_id text = 0;
      bool is_next = false;
    };
    std::vector<answer> answers;
  };

  /// Returns the next round; nothing if there is no text. The one before it has
  /// been computed, and `go_on` or `end` was called for all that it answered.
  std::optional<planned> next();

  /// The next token of a text.
  void go_on(text_id text, int32_t token);

  /// A text is over, or nobody wants it any more.
  void end(text_id text);

  /// What was computed is lost, the last round included: everything is read
  /// again.
  void forget();

  /// Tokens of a text so far.
  const std::vector<int32_t>& tokens(text_id text) const {
    return texts_.at(text).tokens;
  }

  uint64_t waiting() const {
    return waiting_.size();
  }

  /// Positions that were not read because another text had read them.
  uint64_t shared() const {
    return shared_;
  }

  const page_pool& pages() const {
    return pool_;
  }

private:
  struct text {
    std::vector<int32_t> tokens;
    uint64_t most = 0; ///< Positions that are read in the end, at most.
    uint64_t read = 0; ///< Positions that are in the cache.
    std::vector<page_pool::page_id> pages = {};
  };

  void let_in();
  bool let_in(text& what);
  bool waits_for_another(const text& what, uint64_t found) const;
  void add_rows(planned& to, text_id id, uint64_t rows);
  void fill_pages(text& what, uint64_t before);

  cache_limits limits_;
  page_pool pool_;
  text_id next_ = 1;
  std::map<text_id, text> texts_;
  std::deque<text_id> waiting_;
  std::vector<text_id> live_; ///< In the order in which they were let in.
  uint64_t shared_ = 0;
};

} // namespace nnactor
