#pragma once

#include "nnactor/chat/lexer.hpp"
#include "nnactor/chat/limits.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nnactor::chat {

/// The tokens of a template, read from left to right.
class token_stream {
public:
  explicit token_stream(std::vector<token> all) : all_(std::move(all)) {
  }

  const token& peek(size_t ahead = 0) const {
    return all_[std::min(at_ + ahead, all_.size() - 1)];
  }

  /// Takes the next token; the end is never passed.
  const token& take() {
    auto& out = peek();
    at_ += at_ + 1 < all_.size();
    return out;
  }

  bool is(token_kind kind, std::string_view text, size_t ahead = 0) const {
    return peek(ahead).kind == kind && peek(ahead).text == text;
  }

  bool is_symbol(std::string_view text) const {
    return is(token_kind::symbol, text);
  }

  bool is_name(std::string_view text) const {
    return is(token_kind::name, text);
  }

  bool take_symbol(std::string_view text) {
    auto found = is_symbol(text);
    if (found)
      take();
    return found;
  }

  bool take_name(std::string_view text) {
    auto found = is_name(text);
    if (found)
      take();
    return found;
  }

  void expect_symbol(std::string_view text) {
    if (!take_symbol(text))
      unexpected(fmt::format("'{}'", text));
  }

  void expect(token_kind kind, std::string_view what) {
    if (peek().kind != kind)
      unexpected(what);
    take();
  }

  std::string expect_name(std::string_view what) {
    if (peek().kind != token_kind::name)
      unexpected(what);
    return take().text;
  }

  /// Says that something else has to stand here.
  [[noreturn]] void unexpected(std::string_view wanted) const {
    auto& next = peek();
    if (next.kind == token_kind::end)
      refuse(next.where, "it ends where {} has to stand", wanted);
    refuse(next.where, "{} has to stand here, not '{}'", wanted,
           next.kind == token_kind::output_end ? "}}"
           : next.kind == token_kind::tag_end  ? "%}"
           : next.kind == token_kind::string   ? "a string"
                                               : next.text);
  }

private:
  std::vector<token> all_; ///< Ends with `token_kind::end`.
  size_t at_ = 0;
};

/// Counts how deep a parser is in itself.
class parser_level {
public:
  parser_level(uint32_t& depth, position where) : depth_(depth) {
    if (++depth_ > limits::parser_depth)
      refuse(where, "brackets or blocks are in each other more than {} deep",
             limits::parser_depth);
  }

  ~parser_level() {
    --depth_;
  }

  parser_level(const parser_level&) = delete;
  parser_level& operator=(const parser_level&) = delete;

private:
  uint32_t& depth_;
};

} // namespace nnactor::chat
