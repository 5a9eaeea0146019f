#include "nnactor/tokenizers/byte_pieces.hpp"
#include "nnactor/tokenizers/merge_symbols.hpp"
#include "nnactor/tokenizers/space_mark.hpp"
#include "nnactor/tokenizers/stretches.hpp"
#include "nnactor/tokenizers/text_encoder.hpp"

#include <algorithm>
#include <unordered_map>

namespace nnactor {

namespace {

class score_encoder : public text_encoder {
public:
  explicit score_encoder(const tokenizer_description& what)
      : scores_(what.scores), bytes_(what), prefix_(what.add_space_prefix) {
    for (size_t id = 0; id < what.pieces.size(); ++id) {
      auto type = what.types[id];
      if (type != piece_type::normal && type != piece_type::user_defined)
        continue;
      ids_.emplace(what.pieces[id], static_cast<int32_t>(id));
      longest_ = std::max(longest_, what.pieces[id].size());
    }
  }

  caf::error encode(std::string_view text,
                    std::vector<int32_t>& into) const override {
    if (text.empty())
      return caf::none;
    auto marked = with_marks(text);
    if (prefix_)
      marked.insert(0, space_mark);
    return for_each_stretch(marked, [&](std::string_view part, bool is_text) {
      return is_text ? encode_text(part, into) : bytes_.encode(part, into);
    });
  }

private:
  int32_t id_of(std::string_view piece) const {
    auto found = piece.size() > longest_ ? ids_.end() : ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }

  std::vector<symbol> characters_of(std::string_view text) const {
    std::vector<symbol> out;
    for_each_code_point(text, [&](uint32_t, size_t at) {
      if (!out.empty())
        out.back().end = at;
      out.push_back({at, text.size()});
      return true;
    });
    for (auto& x : out)
      x.id = id_of(text.substr(x.begin, x.end - x.begin));
    return out;
  }

  caf::error encode_text(std::string_view text,
                         std::vector<int32_t>& into) const {
    auto symbols = characters_of(text);
    auto find = [&](const symbol& left,
                    const symbol& right) -> std::optional<merged_pair> {
      auto id = id_of(text.substr(left.begin, right.end - left.begin));
      if (id < 0)
        return std::nullopt;
      return merged_pair{-double{scores_[static_cast<size_t>(id)]}, id};
    };
    merge_symbols(symbols, find);
    for (const auto& x : symbols) {
      if (x.id >= 0)
        into.push_back(x.id);
      else if (auto err =
                   bytes_.encode(text.substr(x.begin, x.end - x.begin), into))
        return err;
    }
    return caf::none;
  }

  std::unordered_map<std::string_view, int32_t> ids_;
  const std::vector<float>& scores_;
  byte_pieces bytes_;
  size_t longest_ = 0;
  bool prefix_;
};

} // namespace

std::unique_ptr<text_encoder>
make_score_encoder(const tokenizer_description& what) {
  return std::make_unique<score_encoder>(what);
}

} // namespace nnactor
