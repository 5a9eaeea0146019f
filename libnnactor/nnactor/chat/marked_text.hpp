#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nnactor::chat {

/// Who wrote a byte of a prompt.
enum class writer : char {
  model,  ///< The template or the tokenizer: special tokens mean themselves.
  people, ///< A message or another variable: special tokens are but text.
};

/// A string in UTF-8, each byte of which knows who wrote it. What is cut,
/// joined or replaced keeps that, so that at the end of a rendering only what
/// the template itself wrote is looked through for special tokens.
class marked_text {
public:
  marked_text() = default;

  marked_text(std::string_view bytes, writer by) {
    append(bytes, by);
  }

  const std::string& bytes() const noexcept {
    return bytes_;
  }

  size_t size() const noexcept {
    return bytes_.size();
  }

  /// @pre at < size()
  writer writer_of(size_t at) const {
    return static_cast<writer>(writers_[at]);
  }

  void append(std::string_view bytes, writer by) {
    bytes_ += bytes;
    writers_.append(bytes.size(), static_cast<char>(by));
  }

  void append(const marked_text& other) {
    bytes_ += other.bytes_;
    writers_ += other.writers_;
  }

  /// The bytes from `begin` to before `end`.
  /// @pre begin <= end <= size()
  marked_text part(size_t begin, size_t end) const {
    marked_text out;
    out.bytes_ = bytes_.substr(begin, end - begin);
    out.writers_ = writers_.substr(begin, end - begin);
    return out;
  }

private:
  std::string bytes_;
  std::string writers_; ///< As long as `bytes_`.
};

} // namespace nnactor::chat
