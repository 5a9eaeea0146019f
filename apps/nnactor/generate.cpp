#include "served_model.hpp"

#include "nnactor/run/sampler.hpp"

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

caf::error write_text(const generate_options& how) {
  auto model = served_model::open(how.model, how.nodes);
  if (!model)
    return model.error();
  auto characters = vocabulary{model->from.vocabulary};
  if (characters.code_points.empty())
    return fail(ec::invalid_argument,
                "{} is no language model; ask it with `nnactor infer {}`",
                how.model, how.model);
  std::string all;
  if (!how.json)
    fmt::print("{}", how.prompt);
  auto err =
      generate(characters, context_of(model->from.net), how.prompt, how.how,
               predictor_of(model->from.net,
                            [&](const tensor& inputs) {
                              return model->cluster->infer(inputs);
                            }),
               [&](const std::string& text) {
                 all += text;
                 if (!how.json) {
                   fmt::print("{}", text);
                   std::fflush(stdout);
                 }
               });
  if (err)
    return err;
  if (how.json)
    fmt::print("{}\n", nlohmann::json{{"prompt", how.prompt},
                                      {"text", all},
                                      {"generation", model->from.generation}}
                           .dump());
  else
    fmt::print("\n");
  return caf::none;
}

} // namespace

void add_generate_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<generate_options>();
  auto* command = parent.add_subcommand(
      "generate", "Continue a text with a saved language model");
  command->add_option("model", how->model, "Folder of the model")->required();
  command->add_option("--prompt", how->prompt, "Text to continue");
  command
      ->add_option("--characters", how->how.characters, "Characters to write")
      ->capture_default_str();
  command
      ->add_option("--temperature", how->how.temperature,
                   "0: always the most likely character; higher: bolder")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command->add_option("--seed", how->how.seed, "Of the draws")
      ->capture_default_str();
  command->add_flag("--json", how->json, "Print one JSON object");
  how->nodes.add_to(*command, true);
  command->callback([how, &status] { status = finish(write_text(*how)); });
}

} // namespace nnactor
