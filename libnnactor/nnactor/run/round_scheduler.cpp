#include "nnactor/run/round_scheduler.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// Tokens of a beginning that may be shared: the last one is always computed,
/// for its logits.
std::span<const int32_t> shareable(const std::vector<int32_t>& tokens) {
  auto pages = (tokens.size() - 1) / page_positions;
  return std::span{tokens}.first(pages * page_positions);
}

/// Whole pages that two beginnings have in common.
uint64_t common_pages(std::span<const int32_t> x, std::span<const int32_t> y) {
  auto differ = std::ranges::mismatch(x, y).in1;
  return static_cast<uint64_t>(differ - x.begin()) / page_positions;
}

} // namespace

round_scheduler::round_scheduler(const cache_limits& limits)
    : limits_(limits), pool_(static_cast<uint32_t>(limits.pages)) {
}

result<text_id> round_scheduler::add(std::vector<int32_t> prompt,
                                     uint64_t more) {
  // The last token is written, but not read.
  auto most = prompt.size() + more - 1;
  if (most > limits_.context)
    return fail(ec::invalid_argument,
                "{} tokens and {} to be written are more than the {} that the "
                "model looks at; shorten the text or write less",
                prompt.size(), more, limits_.context);
  if (pages_for(most) > limits_.pages)
    return fail(ec::invalid_argument,
                "{} tokens take {} pages, the cache has {}; give it more", most,
                pages_for(most), limits_.pages);
  auto id = next_++;
  texts_.emplace(id, text{std::move(prompt), most});
  waiting_.push_back(id);
  return id;
}

std::optional<round_scheduler::planned> round_scheduler::next() {
  let_in();
  if (live_.empty())
    return std::nullopt;
  planned out;
  std::vector<int32_t> tokens;
  auto left = limits_.rows;
  // Those that are written come first: somebody reads along.
  for (auto writes : {true, false})
    for (auto id : live_) {
      auto rows = texts_.at(id).tokens.size() - texts_.at(id).read;
      if (rows == 0 || (rows == 1) != writes || left == 0)
        continue;
      rows = std::min<uint64_t>(rows, left);
      left -= rows;
      auto& x = texts_.at(id);
      auto from = x.tokens.begin() + static_cast<ptrdiff_t>(x.read);
      tokens.insert(tokens.end(), from, from + static_cast<ptrdiff_t>(rows));
      add_rows(out, id, rows);
    }
  tensor_builder<int32_t> column{{tokens.size(), 1}};
  std::ranges::copy(tokens, column.values().begin());
  out.tokens = std::move(column).share();
  return out;
}

void round_scheduler::add_rows(planned& to, text_id id, uint64_t rows) {
  auto& x = texts_.at(id);
  auto before = x.read;
  x.read += rows;
  round_part part{static_cast<uint32_t>(before), static_cast<uint32_t>(rows), 1,
                  x.pages};
  part.pages.resize(pages_for(x.read));
  to.what.parts.push_back(std::move(part));
  to.answers.push_back({id, x.read == x.tokens.size()});
  fill_pages(x, before);
}

void round_scheduler::fill_pages(text& what, uint64_t before) {
  for (auto i = before / page_positions; i < what.read / page_positions; ++i) {
    page_pool::page_tokens tokens;
    std::ranges::copy(
        std::span{what.tokens}.subspan(i * page_positions, page_positions),
        tokens.begin());
    auto behind = i == 0 ? std::nullopt : std::optional{what.pages[i - 1]};
    pool_.fill(behind, what.pages[i], tokens);
  }
}

void round_scheduler::let_in() {
  while (!waiting_.empty() && live_.size() < limits_.rows
         && let_in(texts_.at(waiting_.front()))) {
    live_.push_back(waiting_.front());
    waiting_.pop_front();
  }
}

bool round_scheduler::let_in(text& what) {
  auto beginning = shareable(what.tokens);
  auto found = pool_.find(beginning);
  if (waits_for_another(what, found.pages))
    return false;
  auto more = pages_for(what.most) - found.pages;
  if (pool_.available() < found.idle + more)
    return false;
  what.pages = pool_.share(beginning);
  what.read = what.pages.size() * page_positions;
  shared_ += what.read;
  for (uint64_t i = 0; i < more; ++i)
    what.pages.push_back(pool_.take());
  return true;
}

bool round_scheduler::waits_for_another(const text& what,
                                        uint64_t found) const {
  auto beginning = shareable(what.tokens);
  return std::ranges::any_of(live_, [&](text_id id) {
    const auto& other = texts_.at(id);
    return other.read < other.tokens.size()
           && common_pages(beginning, other.tokens) > found;
  });
}

void round_scheduler::go_on(text_id text, int32_t token) {
  texts_.at(text).tokens.push_back(token);
}

void round_scheduler::end(text_id text) {
  for (auto page : texts_.at(text).pages)
    pool_.give_back(page);
  texts_.erase(text);
  std::erase(live_, text);
  std::erase(waiting_, text);
}

void round_scheduler::forget() {
  pool_.clear();
  for (auto& [id, x] : texts_) {
    x.read = 0;
    x.pages.clear();
  }
  waiting_.insert(waiting_.begin(), live_.begin(), live_.end());
  live_.clear();
}

} // namespace nnactor
