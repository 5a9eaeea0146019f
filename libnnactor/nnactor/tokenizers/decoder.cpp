#include "nnactor/tokenizers/decoder.hpp"

#include "nnactor/utf8.hpp"

namespace nnactor {

decoder::decoder(tokenizer from, const decode_options& how)
    : from_(std::move(from)), special_(how.special),
      skips_space_(how.begins && from_.description().add_space_prefix) {
}

std::string decoder::add(int32_t id) {
  auto is_control = from_.is_control(id);
  if (is_control && !special_)
    return {};
  std::string_view bytes = from_.bytes(id);
  if (skips_space_ && !is_control && !bytes.empty()) {
    skips_space_ = false;
    if (bytes.front() == ' ')
      bytes.remove_prefix(1);
  }
  bytes_ += bytes;
  return take_characters(bytes_);
}

std::string decoder::flush() {
  constexpr uint32_t replacement = 0xfffd;
  std::string out;
  for (size_t i = 0; i < bytes_.size(); ++i)
    out += encode_code_point(replacement);
  bytes_.clear();
  return out;
}

std::string decode(const tokenizer& from, std::span<const int32_t> ids,
                   const decode_options& how) {
  decoder all{from, how};
  std::string out;
  for (auto id : ids)
    out += all.add(id);
  return out + all.flush();
}

} // namespace nnactor
