#include "nnactor/data/byte_pairs.hpp"

#include "nnactor/data/text_pieces.hpp"

#include <algorithm>
#include <queue>

namespace nnactor {

namespace {

using token_list = std::vector<int32_t>;

uint64_t key_of(token_pair pair) {
  return static_cast<uint64_t>(pair.first) << 32
         | static_cast<uint64_t>(pair.second);
}

token_list bytes_as_tokens(std::string_view piece) {
  token_list out;
  for (auto byte : piece)
    out.push_back(static_cast<unsigned char>(byte));
  return out;
}

/// Puts `made` in the place of every pair, from left to right.
void replace(token_list& tokens, token_pair pair, int32_t made) {
  auto end = tokens.begin();
  for (auto i = tokens.begin(); i != tokens.end();) {
    auto next = std::next(i);
    auto found =
        next != tokens.end() && *i == pair.first && *next == pair.second;
    *end++ = found ? made : *i;
    i = found ? std::next(next) : next;
  }
  tokens.erase(end, tokens.end());
}

bool contains(const token_list& tokens, token_pair pair) {
  auto found = std::ranges::adjacent_find(tokens, [&](int32_t a, int32_t b) {
    return token_pair{a, b} == pair;
  });
  return found != tokens.end();
}

/// Counts pairs once and then only what a merge changes: each piece is there
/// once with the number of times that it occurs, and each pair knows the pieces
/// that have it.
class pair_learner {
public:
  explicit pair_learner(const std::vector<std::string_view>& texts) {
    collect_pieces(texts);
    for (uint32_t i = 0; i < pieces_.size(); ++i)
      add(i, pieces_[i].count, [](token_pair) { return true; });
    for (const auto& [key, use] : uses_)
      best_.push({use.count, use.pair});
  }

  /// Returns the pair that is there most often, and makes `made` of it; nothing
  /// if no pair is worth it.
  bool merge(int32_t made, std::vector<token_pair>& into) {
    while (!best_.empty()) {
      auto next = best_.top();
      best_.pop();
      auto use = uses_.find(key_of(next.pair));
      if (use == uses_.end() || use->second.count < worthwhile)
        continue;
      // Once a pair is there, its count only falls, so what is too high here is
      // put back to where it belongs.
      if (use->second.count != next.count) {
        best_.push({use->second.count, next.pair});
        continue;
      }
      auto pieces = std::move(use->second.pieces);
      uses_.erase(use);
      merge(next.pair, made, pieces);
      into.push_back(next.pair);
      return true;
    }
    return false;
  }

private:
  static constexpr int64_t worthwhile = 2;

  struct piece {
    token_list tokens;
    int64_t count = 0; ///< In the texts.
  };

  struct pair_use {
    token_pair pair;
    int64_t count = 0;            ///< In the texts.
    std::vector<uint32_t> pieces; ///< That had it when it came up.
  };

  struct candidate {
    int64_t count = 0;
    token_pair pair;

    friend bool operator<(const candidate& a, const candidate& b) {
      return a.count != b.count ? a.count < b.count : a.pair > b.pair;
    }
  };

  void collect_pieces(const std::vector<std::string_view>& texts) {
    std::unordered_map<std::string_view, size_t> known;
    for (auto text : texts)
      for_each_piece(text, [&](std::string_view bytes) {
        auto [at, is_new] = known.emplace(bytes, pieces_.size());
        if (is_new)
          pieces_.push_back({bytes_as_tokens(bytes)});
        ++pieces_[at->second].count;
      });
  }

  /// Adds `count` to all pairs of a piece, and the piece to those that come up
  /// in it.
  template <class ComesUp>
  void add(uint32_t index, int64_t count, ComesUp comes_up) {
    const auto& tokens = pieces_[index].tokens;
    for (size_t i = 1; i < tokens.size(); ++i) {
      token_pair pair{tokens[i - 1], tokens[i]};
      auto& use = uses_[key_of(pair)];
      use.pair = pair;
      use.count += count;
      if (comes_up(pair) && (use.pieces.empty() || use.pieces.back() != index))
        use.pieces.push_back(index);
    }
  }

  void merge(token_pair pair, int32_t made,
             const std::vector<uint32_t>& pieces) {
    auto has_made = [&](token_pair x) {
      return x.first == made || x.second == made;
    };
    std::vector<token_pair> came_up;
    for (auto index : pieces) {
      auto& [tokens, count] = pieces_[index];
      if (!contains(tokens, pair))
        continue;
      add(index, -count, [](token_pair) { return false; });
      replace(tokens, pair, made);
      add(index, count, [&](token_pair x) {
        if (has_made(x))
          came_up.push_back(x);
        return has_made(x);
      });
    }
    uses_.erase(key_of(pair));
    std::ranges::sort(came_up);
    came_up.erase(std::unique(came_up.begin(), came_up.end()), came_up.end());
    for (auto x : came_up)
      best_.push({uses_.at(key_of(x)).count, x});
  }

  std::vector<piece> pieces_;
  std::unordered_map<uint64_t, pair_use> uses_;
  std::priority_queue<candidate> best_;
};

} // namespace

std::vector<token_pair>
learn_byte_pairs(const std::vector<std::string_view>& texts, size_t most) {
  pair_learner learner{texts};
  std::vector<token_pair> out;
  while (out.size() < most
         && learner.merge(byte_tokens + static_cast<int32_t>(out.size()), out))
    ;
  return out;
}

byte_pair_encoder::byte_pair_encoder(const std::vector<token_pair>& merges) {
  auto made = byte_tokens;
  for (const auto& pair : merges)
    made_.emplace(key_of(pair), made++);
}

void byte_pair_encoder::encode(std::string_view text,
                               std::vector<int32_t>& into) {
  // Texts of nothing but numbers have no end of different pieces.
  constexpr size_t most_known = size_t{1} << 20;
  for_each_piece(text, [&](std::string_view bytes) {
    if (known_.size() >= most_known)
      known_.clear();
    auto [known, is_new] = known_.try_emplace(std::string{bytes});
    if (is_new)
      known->second = encode_piece(bytes);
    into.insert(into.end(), known->second.begin(), known->second.end());
  });
}

std::vector<int32_t>
byte_pair_encoder::encode_piece(std::string_view piece) const {
  auto tokens = bytes_as_tokens(piece);
  while (merge_next(tokens))
    ;
  return tokens;
}

bool byte_pair_encoder::merge_next(std::vector<int32_t>& tokens) const {
  auto first = INT32_MAX;
  token_pair pair;
  for (size_t i = 1; i < tokens.size(); ++i) {
    auto found = made_.find(key_of({tokens[i - 1], tokens[i]}));
    if (found == made_.end() || found->second >= first)
      continue;
    first = found->second;
    pair = {tokens[i - 1], tokens[i]};
  }
  if (first == INT32_MAX)
    return false;
  replace(tokens, pair, first);
  return true;
}

} // namespace nnactor
