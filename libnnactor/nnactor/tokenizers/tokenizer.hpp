#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// How a text is encoded.
struct encode_options {
  /// Whether control pieces in the text become their ids. Only for what a
  /// template made; in what users write, "<|im_end|>" is ten characters.
  bool special = false;
  bool add_bos = true;  ///< Put `bos` in front, where the model wants it.
  bool add_eos = false; ///< Put `eos` behind, where the model wants it.
};

/// Makes ids of texts and texts of ids. Copies are cheap and share what they
/// have; may be used by several threads at once.
class tokenizer {
public:
  /// Fails with `ec::invalid_data` on a description that does not pass `check`.
  static result<tokenizer> make(tokenizer_description what);

  /// Returns the ids of a text of any bytes; those that are not UTF-8 are words
  /// of their own. Where the text begins with `bos` already, it is not put in
  /// front again. Fails with `ec::invalid_argument` where something has no id.
  result<std::vector<int32_t>> encode(std::string_view text,
                                      const encode_options& how = {}) const;

  /// Number of ids, from 0.
  size_t size() const;

  /// Whether there is such an id.
  bool contains(int32_t id) const;

  /// The piece as the vocabulary has it, for people to look at; empty for an id
  /// that there is not.
  std::string piece(int32_t id) const;

  /// The bytes of a text that an id stands for, which may be a part of a
  /// character; for control pieces their name, for the unknown U+FFFD.
  const std::string& bytes(int32_t id) const;

  /// Whether an id is a control piece or unused: no part of what is said.
  bool is_control(int32_t id) const;

  /// Whether an answer ends with this id.
  bool ends(int32_t id) const;

  const tokenizer_description& description() const;

private:
  struct parts;

  explicit tokenizer(std::shared_ptr<const parts> made)
      : made_(std::move(made)) {
  }

  std::shared_ptr<const parts> made_;
};

} // namespace nnactor
