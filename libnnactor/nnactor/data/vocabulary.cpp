#include "nnactor/data/vocabulary.hpp"

#include "nnactor/data/byte_pairs.hpp"
#include "nnactor/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nnactor {

namespace {

/// Whether each pair is of tokens before it and makes one that is short enough.
bool are_sound(const std::vector<token_pair>& merges) {
  std::vector<size_t> lengths(byte_tokens, 1);
  auto is_known = [&](int32_t token) {
    return token >= 0 && static_cast<size_t>(token) < lengths.size();
  };
  for (const auto& [first, second] : merges) {
    if (!is_known(first) || !is_known(second))
      return false;
    lengths.push_back(lengths[static_cast<size_t>(first)]
                      + lengths[static_cast<size_t>(second)]);
    if (lengths.back() > longest_token)
      return false;
  }
  return true;
}

/// @pre The merges are sound, `token` is one of theirs.
std::string bytes_of(const std::vector<token_pair>& merges, int32_t token) {
  std::string out;
  std::vector<int32_t> left{token};
  while (!left.empty()) {
    auto next = left.back();
    left.pop_back();
    if (next < byte_tokens) {
      out += static_cast<char>(next);
      continue;
    }
    const auto& pair = merges[static_cast<size_t>(next - byte_tokens)];
    left.push_back(pair.second);
    left.push_back(pair.first);
  }
  return out;
}

} // namespace

bool vocabulary::is_sound() const {
  if (has_bytes())
    return code_points.empty() && are_sound(merges);
  auto falls = [](uint32_t a, uint32_t b) { return a >= b; };
  return std::ranges::adjacent_find(code_points, falls) == code_points.end();
}

std::vector<int32_t> vocabulary::encode(const std::string& text) const {
  std::vector<int32_t> tokens;
  if (has_bytes()) {
    byte_pair_encoder{merges}.encode(text, tokens);
    return tokens;
  }
  for_each_code_point(text, [&](uint32_t point, size_t) {
    auto found =
        std::lower_bound(code_points.begin(), code_points.end(), point);
    if (found != code_points.end() && *found == point)
      tokens.push_back(static_cast<int32_t>(found - code_points.begin()));
    return true;
  });
  return tokens;
}

std::vector<uint32_t> vocabulary::unknown(const std::string& text) const {
  std::vector<uint32_t> out;
  if (has_bytes())
    return out;
  for_each_code_point(text, [&](uint32_t point, size_t) {
    if (!std::ranges::binary_search(code_points, point)
        && std::ranges::find(out, point) == out.end() && point != no_code_point)
      out.push_back(point);
    return true;
  });
  return out;
}

std::string vocabulary::decode(int32_t token) const {
  if (token < 0 || static_cast<uint64_t>(token) >= size())
    return {};
  return has_bytes()
             ? bytes_of(merges, token)
             : encode_code_point(code_points[static_cast<size_t>(token)]);
}

std::vector<uint32_t> numbers_of(const std::vector<token_pair>& merges) {
  std::vector<uint32_t> out;
  for (const auto& [first, second] : merges) {
    out.push_back(static_cast<uint32_t>(first));
    out.push_back(static_cast<uint32_t>(second));
  }
  return out;
}

std::optional<vocabulary> vocabulary_of(std::vector<uint32_t> code_points,
                                        const std::vector<uint32_t>& merges) {
  vocabulary out{std::move(code_points)};
  if (merges.size() % 2 != 0)
    return std::nullopt;
  // What is too large for a token becomes negative, which none is.
  for (size_t i = 0; i < merges.size(); i += 2)
    out.merges.push_back(
        {static_cast<int32_t>(merges[i]), static_cast<int32_t>(merges[i + 1])});
  if (!out.is_sound())
    return std::nullopt;
  return out;
}

std::string name_of_character(uint32_t code_point) {
  return fmt::format("'{}' (U+{:04X})", encode_code_point(code_point),
                     code_point);
}

} // namespace nnactor
