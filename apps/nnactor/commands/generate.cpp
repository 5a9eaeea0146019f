#include "commands/commands.hpp"
#include "commands/open_model.hpp"
#include "terminal/console.hpp"
#include "terminal/interruption.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/run/answers.hpp"
#include "nnactor/run/sampler.hpp"
#include "nnactor/utf8.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace nnactor {

namespace {

struct generate_options {
  std::string model;
  std::string prompt;
  sampling how;
  node_options nodes;
  bool json = false;
};

std::string names_of(const std::vector<uint32_t>& characters) {
  std::vector<std::string> names;
  for (auto x : characters)
    names.push_back(name_of_character(x));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string encode(const std::vector<uint32_t>& characters) {
  std::string out;
  for (auto x : characters)
    out += encode_code_point(x);
  return out;
}

caf::error continue_text(const generate_options& how) {
  interruption signals{"the text is not complete"};
  auto model = open_model(how.model, how.nodes, true);
  if (!model)
    return model.error();
  auto known = vocabulary_in(model->from());
  if (!known)
    return known.error();
  const auto& characters = *known;
  if (characters.empty())
    return fail(ec::invalid_argument,
                "{} is no language model; ask it with `nnactor infer {}`",
                how.model, how.model);
  auto unknown = characters.unknown(how.prompt);
  if (!unknown.empty())
    warn(fmt::format("the model has not seen {} in training; left out of the "
                     "prompt",
                     names_of(unknown)));
  std::string all;
  // What goes elsewhere is the text itself.
  auto write = [safe = console::of(stdout).terminal](const std::string& text) {
    write_output(safe ? printable(text) : text);
    flush_output();
  };
  if (!how.json)
    write(how.prompt);
  const auto& net = model->from().net;
  text_writer writer{{pages_of(net), net.context, defaults::round_rows},
                     [&](auto cache, auto& what, auto& tokens) {
                       return model->write(cache, what, tokens);
                     }};
  auto predict = pages_of(net) > 0
                     ? predictor_of(writer)
                     : predictor_of(net, [&](const tensor& inputs) {
                         return model->infer(inputs);
                       });
  auto err = generate(
      characters, seen_by(net), how.prompt, how.how,
      [&](const tensor& seen) -> result<tensor> {
        if (output_failed())
          return fail(ec::internal, "nobody reads");
        return predict(seen);
      },
      [&](const std::string& text) {
        all += text;
        if (!how.json)
          write(text);
      });
  // Told at the end of the program.
  if (output_failed())
    return caf::none;
  if (err)
    return err;
  if (how.json)
    say_json(nlohmann::json{{"prompt", how.prompt},
                            {"unknown", encode(unknown)},
                            {"text", all},
                            {"generation", model->from().generation}});
  else
    write("\n");
  return caf::none;
}

} // namespace

void add_generate_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<generate_options>();
  auto* command = parent.add_subcommand(
      "generate", "Continue a text with a saved language model");
  command->add_option("model", how->model, "Folder of the model")->required();
  command->add_option("--prompt", how->prompt, "Text to continue")
      ->transform(utf8_text());
  command
      ->add_option("--characters", how->how.characters, "Characters to write")
      ->transform(whole_number(0, 100'000'000))
      ->capture_default_str();
  command
      ->add_option("--temperature", how->how.temperature,
                   "0: always the most likely character; higher: bolder")
      ->transform(real_number(0, 10))
      ->capture_default_str();
  command->add_option("--seed", how->how.seed, "Of the draws")
      ->transform(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  command->add_flag("--json", how->json, "Print one JSON object");
  how->nodes.add_to(*command, true);
  command->callback([how, &status] { status = finish(continue_text(*how)); });
}

} // namespace nnactor
