#include "commands/commands.hpp"
#include "commands/model_tokens.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include <nlohmann/json.hpp>

#include <iostream>
#include <iterator>

namespace nnactor {

namespace {

struct tokenize_options {
  std::string model;
  std::optional<std::string> text; ///< Else standard input.
  bool special = false;
  bool json = false;
};

/// A text in quotes, with escapes, so that spaces are seen.
std::string quoted(const std::string& text) {
  return "\"" + printable_line(text) + "\"";
}

void show_tokens(const std::vector<model_token>& tokens) {
  table out{{">id", "piece", "text"}};
  for (const auto& x : tokens)
    out.add({fmt::format("{}", x.id), x.piece, quoted(x.text)});
  say("{}", out.render());
}

nlohmann::json tokens_to_json(const std::vector<model_token>& tokens) {
  auto out = nlohmann::json::array();
  for (const auto& x : tokens)
    out.push_back({{"id", x.id}, {"piece", x.piece}, {"text", x.text}});
  return out;
}

std::string all_of_input() {
  return {std::istreambuf_iterator<char>{std::cin},
          std::istreambuf_iterator<char>{}};
}

caf::error show_tokens_of(const tokenize_options& how) {
  auto by = model_tokens::open(how.model);
  if (!by)
    return by.error();
  auto text = how.text ? *how.text : all_of_input();
  auto tokens = by->encode(text, how.special);
  if (!tokens)
    return tokens.error();
  if (how.json) {
    say_json(nlohmann::json{{"model", how.model},
                            {"bytes", text.size()},
                            {"tokens", tokens_to_json(*tokens)}});
    return caf::none;
  }
  show_tokens(*tokens);
  say("{} of {}; {}\n", counted(tokens->size(), "token"),
      counted(text.size(), "byte"), by->summary());
  return caf::none;
}

} // namespace

void add_tokenize_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<tokenize_options>();
  auto* command = parent.add_subcommand(
      "tokenize", "Show the tokens that a model makes of a text");
  command
      ->add_option("model", how->model,
                   "Folder of a model, GGUF file, tokenizer.json or "
                   "tokenizer.model")
      ->required();
  command->add_option("text", how->text, "Without it, standard input is read");
  command->add_flag("--special", how->special,
                    "Control pieces in the text, such as <|im_end|>, become "
                    "their ids, as in what a template makes");
  command->add_flag("--json", how->json, "Print one JSON object");
  command->callback([how, &status] { status = finish(show_tokens_of(*how)); });
}

} // namespace nnactor
