#include "nnactor/tokenizers/tokenizer.hpp"

#include "nnactor/tokenizers/byte_alphabet.hpp"
#include "nnactor/tokenizers/space_mark.hpp"
#include "nnactor/tokenizers/special_pieces.hpp"
#include "nnactor/tokenizers/text_encoder.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// U+FFFD.
constexpr const char* unknown_text = "\xef\xbf\xbd";

/// What a piece stands for in a text.
std::string bytes_of_piece(const tokenizer_description& what, size_t id) {
  const auto& piece = what.pieces[id];
  auto type = what.types[id];
  if (type == piece_type::unknown)
    return unknown_text;
  if (type == piece_type::control || type == piece_type::unused)
    return piece;
  if (what.kind == tokenizer_kind::byte_level)
    return type == piece_type::normal ? from_alphabet(piece) : piece;
  if (type == piece_type::byte)
    return {static_cast<char>(*byte_of(piece))};
  return without_marks(piece);
}

result<std::unique_ptr<text_encoder>>
make_encoder(const tokenizer_description& what) {
  switch (what.kind) {
  case tokenizer_kind::byte_level:
    return make_byte_level_encoder(what);
  case tokenizer_kind::by_score:
    return make_score_encoder(what);
  default:
    return make_sentencepiece_encoder(what);
  }
}

} // namespace

struct tokenizer::parts {
  explicit parts(tokenizer_description of)
      : what(std::move(of)), specials(what) {
    for (size_t id = 0; id < what.pieces.size(); ++id)
      bytes.push_back(bytes_of_piece(what, id));
  }

  const tokenizer_description what;
  const special_pieces specials;
  std::vector<std::string> bytes; ///< By id.
  std::unique_ptr<text_encoder> encoder;
};

result<tokenizer> tokenizer::make(tokenizer_description what) {
  if (auto err = check(what))
    return err;
  auto made = std::make_shared<parts>(std::move(what));
  auto encoder = make_encoder(made->what);
  if (!encoder)
    return encoder.error();
  made->encoder = std::move(*encoder);
  return tokenizer{std::move(made)};
}

result<std::vector<int32_t>>
tokenizer::encode(std::string_view text, const encode_options& how) const {
  const auto& what = made_->what;
  std::vector<int32_t> out;
  for (const auto& part : made_->specials.cut(text, how.special)) {
    if (part.id)
      out.push_back(*part.id);
    else if (auto err = made_->encoder->encode(part.text, out))
      return err;
  }
  if (how.add_bos && what.add_bos && (out.empty() || out.front() != *what.bos))
    out.insert(out.begin(), *what.bos);
  if (how.add_eos && what.add_eos)
    out.push_back(*what.eos);
  return out;
}

size_t tokenizer::size() const {
  return made_->what.pieces.size();
}

bool tokenizer::contains(int32_t id) const {
  return id >= 0 && static_cast<size_t>(id) < size();
}

std::string tokenizer::piece(int32_t id) const {
  return contains(id) ? made_->what.pieces[static_cast<size_t>(id)]
                      : std::string{};
}

const std::string& tokenizer::bytes(int32_t id) const {
  static const std::string nothing;
  return contains(id) ? made_->bytes[static_cast<size_t>(id)] : nothing;
}

bool tokenizer::is_control(int32_t id) const {
  if (!contains(id))
    return false;
  auto type = made_->what.types[static_cast<size_t>(id)];
  return type == piece_type::control || type == piece_type::unused;
}

bool tokenizer::ends(int32_t id) const {
  const auto& all = made_->what.ends;
  return std::ranges::find(all, id) != all.end();
}

const tokenizer_description& tokenizer::description() const {
  return made_->what;
}

} // namespace nnactor
