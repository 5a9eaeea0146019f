#include "nnactor/run/page_pool.hpp"

#include <algorithm>

namespace nnactor {

page_pool::page_pool(uint32_t pages) : pages_(pages) {
  clear();
}

page_pool::page_id page_pool::take() {
  if (free_.empty()) {
    free_.push_back(idle_.front());
    auto& oldest = pages_[idle_.front()];
    known_.erase(oldest.known);
    oldest.serial = 0;
    idle_.pop_front();
  }
  auto out = free_.back();
  free_.pop_back();
  pages_[out].users = 1;
  return out;
}

std::optional<page_pool::page_id>
page_pool::next_of(uint64_t serial, std::span<const int32_t> tokens) const {
  content what{serial, {}};
  std::ranges::copy(tokens.first(what.second.size()), what.second.begin());
  auto found = known_.find(what);
  return found == known_.end() ? std::nullopt : std::optional{found->second};
}

page_pool::match page_pool::find(std::span<const int32_t> tokens) const {
  match out;
  uint64_t serial = 0;
  for (; tokens.size() >= defaults::page_positions;
       tokens = tokens.subspan(defaults::page_positions)) {
    auto page = next_of(serial, tokens);
    if (!page)
      break;
    serial = pages_[*page].serial;
    ++out.pages;
    out.idle += pages_[*page].users == 0 ? 1 : 0;
  }
  return out;
}

std::vector<page_pool::page_id>
page_pool::share(std::span<const int32_t> tokens) {
  std::vector<page_id> out;
  uint64_t serial = 0;
  auto pages = find(tokens).pages;
  for (uint64_t i = 0; i < pages; ++i) {
    out.push_back(
        *next_of(serial, tokens.subspan(i * defaults::page_positions)));
    auto& page = pages_[out.back()];
    serial = page.serial;
    if (page.users++ == 0)
      idle_.erase(page.idle);
  }
  return out;
}

// Of two texts that came to the same tokens side by side, the page of the first
// is found.
void page_pool::fill(std::optional<page_id> before, page_id page,
                     const page_tokens& tokens) {
  auto serial = before ? pages_[*before].serial : 0;
  auto is_known = !before || serial > 0;
  if (!is_known || pages_[page].serial > 0)
    return;
  auto [at, is_new] = known_.emplace(content{serial, tokens}, page);
  if (!is_new)
    return;
  pages_[page].serial = next_serial_++;
  pages_[page].known = at;
}

void page_pool::give_back(page_id id) {
  auto& page = pages_[id];
  if (--page.users > 0)
    return;
  if (page.serial == 0)
    free_.push_back(id);
  else
    page.idle = idle_.insert(idle_.end(), id);
}

void page_pool::clear() {
  pages_.assign(pages_.size(), {});
  known_.clear();
  idle_.clear();
  free_.clear();
  for (auto id = pages_.size(); id-- > 0;)
    free_.push_back(static_cast<page_id>(id));
}

} // namespace nnactor
