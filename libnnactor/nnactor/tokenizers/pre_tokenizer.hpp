#pragma once

#include "nnactor/error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// Cuts a text into words, over whose ends no merge goes, by the rule that a
/// model was trained with. May be used by several threads at once.
class pre_tokenizer {
public:
  /// The rule of a name as GGUF gives it (`tokenizer.ggml.pre`). Fails with
  /// `ec::invalid_data` on one that is not known.
  static result<pre_tokenizer> make(const std::string& name);

  /// Whether texts are brought into NFC first.
  bool composes() const;

  /// Adds the words of a text, which lie one behind the other in it. Fails with
  /// `ec::invalid_argument` where it takes a limit of the library to do so.
  /// @pre `text` is UTF-8.
  caf::error cut(std::string_view text,
                 std::vector<std::string_view>& into) const;

private:
  struct compiled;

  explicit pre_tokenizer(std::shared_ptr<const compiled> rule)
      : rule_(std::move(rule)) {
  }

  std::shared_ptr<const compiled> rule_;
};

/// Fails as `pre_tokenizer::make` does, without the work.
caf::error check_pre_tokenizer(const std::string& name);

/// The pattern that cuts words as GPT-2 does, and the one that makes each digit
/// a word.
extern const char* const gpt2_pattern;
extern const char* const digit_pattern;

/// The name of the rule that cuts by these patterns one after the other, each
/// what those before it leave; nothing if there is none.
std::optional<std::string>
find_pre_tokenizer(const std::vector<std::string>& patterns, bool composes);

} // namespace nnactor
