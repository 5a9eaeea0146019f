#pragma once

#include "nnactor/defaults.hpp"

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace nnactor {

/// Which pages of a cache are whose. A page that is full can be looked up by
/// its tokens and what came before them, so that texts with a common beginning
/// share pages; it is kept when nobody has it any more, until its place is
/// needed, the one that was given back first before others (vLLM, arXiv
/// 2309.06180).
class page_pool {
public:
  using page_id = uint32_t;
  using page_tokens = std::array<int32_t, defaults::page_positions>;

  explicit page_pool(uint32_t pages);

  /// Pages that `take` can still give.
  uint64_t available() const {
    return free_.size() + idle_.size();
  }

  uint64_t size() const {
    return pages_.size();
  }

  /// Returns a page for one user.
  /// @pre `available() > 0`
  page_id take();

  /// Returns pages of the beginning of a text that are in the cache, each for
  /// one more user.
  std::vector<page_id> share(std::span<const int32_t> tokens);

  /// How many pages `share` would return, and how many of them nobody has.
  struct match {
    uint64_t pages = 0;
    uint64_t idle = 0;
  };
  match find(std::span<const int32_t> tokens) const;

  /// The page behind `before` (nothing: it is the first of its text) has these
  /// tokens and will not change any more.
  void fill(std::optional<page_id> before, page_id page,
            const page_tokens& tokens);

  /// One user less.
  void give_back(page_id page);

  /// Nothing is in the cache any more, and nobody has a page.
  void clear();

private:
  /// What is known of a page: the serial number of the one before it, 0 if it
  /// is the first, and its tokens.
  using content = std::pair<uint64_t, page_tokens>;

  struct page {
    uint32_t users = 0;
    uint64_t serial = 0; ///< Of its content, 0 while it is not full.
    std::map<content, page_id>::iterator known = {};
    std::list<page_id>::iterator idle = {};
  };

  std::optional<page_id> next_of(uint64_t serial,
                                 std::span<const int32_t> tokens) const;

  std::vector<page> pages_;
  std::vector<page_id> free_;
  std::list<page_id> idle_; ///< Full, nobody's; the oldest first.
  std::map<content, page_id> known_;
  uint64_t next_serial_ = 1;
};

} // namespace nnactor
