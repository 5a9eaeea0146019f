#include "nnactor/tokenizers/special_pieces.hpp"

#include <algorithm>

namespace nnactor {

special_pieces::special_pieces(const tokenizer_description& what) {
  for (size_t id = 0; id < what.pieces.size(); ++id) {
    auto type = what.types[id];
    auto is_control =
        type == piece_type::control || type == piece_type::unknown;
    if (!is_control && type != piece_type::user_defined)
      continue;
    std::string_view piece = what.pieces[id];
    ids_.emplace(piece, special{static_cast<int32_t>(id), is_control});
    lengths_[static_cast<unsigned char>(piece.front())].push_back(piece.size());
  }
  for (auto& x : lengths_) {
    std::ranges::sort(x, std::greater<>{});
    x.erase(std::unique(x.begin(), x.end()), x.end());
  }
}

special_pieces::part special_pieces::longest(std::string_view text,
                                             bool all) const {
  for (auto length : lengths_[static_cast<unsigned char>(text.front())]) {
    if (length > text.size())
      continue;
    auto found = ids_.find(text.substr(0, length));
    if (found != ids_.end() && (all || !found->second.is_control))
      return {text.substr(0, length), found->second.id};
  }
  return {};
}

std::vector<special_pieces::part> special_pieces::cut(std::string_view text,
                                                      bool all) const {
  std::vector<part> out;
  size_t begin = 0;
  size_t at = 0;
  while (at < text.size()) {
    auto found = longest(text.substr(at), all);
    if (!found.id) {
      ++at;
      continue;
    }
    if (at > begin)
      out.push_back({text.substr(begin, at - begin), std::nullopt});
    out.push_back(found);
    begin = at += found.text.size();
  }
  if (at > begin)
    out.push_back({text.substr(begin), std::nullopt});
  return out;
}

} // namespace nnactor
