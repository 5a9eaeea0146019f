#pragma once

#include "nnactor/error.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

namespace chat {
struct statement;
} // namespace chat

struct chat_message {
  std::string role; ///< "system", "user", "assistant"...
  std::string content;
};

/// What a prompt is made of.
struct conversation {
  std::vector<chat_message> messages;
  bool add_generation_prompt = true; ///< Ends with the begin of an answer.
  std::string bos_token; ///< The text of it; empty if there is none.
  std::string eos_token;
  /// More that the template sees, an object. `tools` and `documents` are none
  /// unless they are here.
  nlohmann::ordered_json variables = nlohmann::ordered_json::object();
  std::optional<std::tm> now; ///< For templates that print the date.
};

/// A part of a prompt. Special tokens are looked for in what comes from the
/// template alone; what people wrote is but text.
struct prompt_piece {
  std::string text; ///< UTF-8 if the template and the messages are; not empty.
  bool from_template = false;

  friend bool operator==(const prompt_piece&, const prompt_piece&) = default;
};

/// The template of a model's prompts: what Jinja2 gives with trim_blocks and
/// lstrip_blocks, as Hugging Face's `apply_chat_template` uses it. Of the
/// language there is what templates of real models use, see the README; each
/// other thing is an error that names it. Templates may be hostile: what they
/// cost is bounded (`chat/limits.hpp`).
class chat_template {
public:
  /// Fails with `ec::invalid_data` and the line and column.
  static result<chat_template> parse(const std::string& text);

  /// Renders a conversation; no two pieces of one kind follow each other.
  /// Fails with `ec::invalid_argument` where the template does not take the
  /// messages, `ec::invalid_data` where it is wrong itself.
  result<std::vector<prompt_piece>> render(const conversation& what) const;

private:
  explicit chat_template(
      std::shared_ptr<const std::vector<chat::statement>> all);

  std::shared_ptr<const std::vector<chat::statement>> all_;
};

/// All of a prompt.
std::string text_of(const std::vector<prompt_piece>& pieces);

} // namespace nnactor
