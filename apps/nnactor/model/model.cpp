#include "commands/commands.hpp"
#include "model/view.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include "nnactor/store/failpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace nnactor {

namespace {

int finish(const result<int>& outcome) {
  if (outcome)
    return *outcome;
  warn(explain(outcome.error()));
  return code_of(outcome.error()) == ec::store_corrupt ? 1 : 2;
}

void add_options(CLI::App& command, model_options& how, const char* chosen) {
  command.add_option("path", how.path, "Folder of the model")->required();
  command.add_option("--generation", how.generation, chosen)
      ->type_name("N|newest|best");
  command.add_flag("--json", how.json, "Print one JSON object");
}

void add_info(CLI::App& model, int& status) {
  auto how = std::make_shared<model_options>();
  auto* command = model.add_subcommand(
      "info", "Show generations, layers, parts and size of a model");
  add_options(*command, *how, "Which one to describe (newest)");
  command->callback([how, &status] { status = finish(show_model(*how)); });
}

void add_verify(CLI::App& model, int& status) {
  auto how = std::make_shared<model_options>();
  auto* command = model.add_subcommand(
      "verify", "Read everything and name whatever is damaged");
  add_options(*command, *how, "Verify only this one (all)");
  command->callback([how, &status] { status = finish(verify_model(*how)); });
}

void add_dump(CLI::App& model, int& status) {
  auto how = std::make_shared<dump_options>();
  auto* command = model.add_subcommand(
      "dump", "List every slice, or print the values of a layer");
  add_options(*command, how->model, "Which one to dump (newest)");
  auto* layer = command->add_option("--layer", how->layer,
                                    "Print values of the layer of this name");
  command->add_option("--neuron", how->neuron, "Only of the neuron of this id")
      ->needs(layer)
      ->transform(whole_number(0, INT64_MAX));
  command
      ->add_option("--parameter", how->parameter,
                   "Only this one, for example weight")
      ->needs(layer);
  command
      ->add_option("--limit", how->limit,
                   "Most values to print of each parameter, 0: all")
      ->transform(whole_number(0, UINT64_MAX))
      ->capture_default_str()
      ->needs(layer);
  command->callback([how, &status] { status = finish(dump_model(*how)); });
}

void add_export(CLI::App& model, int& status) {
  auto how = std::make_shared<model_options>();
  auto file = std::make_shared<std::string>();
  auto* command = model.add_subcommand(
      "export", "Write a generation with its optimizer state as one file");
  command->add_option("path", how->path, "Folder of the model")->required();
  command->add_option("--safetensors", *file, "File to write")->required();
  command->add_option("--generation", how->generation, "Which one (newest)")
      ->type_name("N|newest|best");
  auto overwrite = std::make_shared<bool>(false);
  command->add_flag("--overwrite", *overwrite, "Replace this file");
  command->callback([how, file, overwrite, &status] {
    status = finish(export_model(*how, *file, *overwrite));
  });
}

void add_import(CLI::App& model, int& status) {
  auto how = std::make_shared<model_options>();
  auto file = std::make_shared<std::string>();
  auto* command = model.add_subcommand(
      "import", "Make a new model of a file that export has written");
  command->add_option("path", how->path, "Folder of the new model")->required();
  command->add_option("--safetensors", *file, "File to read")->required();
  command->callback(
      [how, file, &status] { status = finish(import_model(*how, *file)); });
}

void add_failpoints(CLI::App& model) {
  auto* command = model.add_subcommand(
      "failpoints", "List the moments of a commit at which NNACTOR_FAILPOINT "
                    "can end a process, to try what is left");
  command->callback([] {
    table out{{"failpoint", "when it is reached"}};
    for (auto& x : all_failpoints())
      out.add({x.name, x.what});
    say("{}\nNNACTOR_FAILPOINT=NAME, or NAME:N for the N-th time, ends "
        "the process there as kill -9 does.\n",
        out.render());
  });
}

result<uint64_t> parse_generation(const std::string& text) {
  uint64_t number = 0;
  auto* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end)
    return fail(ec::invalid_argument,
                "--generation {}: give a number, newest or best", text);
  return number;
}

} // namespace

void add_model_command(CLI::App& parent, int& status) {
  auto* model = parent.add_subcommand("model", "Look into a saved model");
  model->require_subcommand(1);
  add_info(*model, status);
  add_verify(*model, status);
  add_dump(*model, status);
  add_export(*model, status);
  add_import(*model, status);
  add_failpoints(*model);
}

model_view::model_view(const std::string& path)
    : fs(make_posix_filesystem()), store(fs, path) {
}

result<loaded_manifest> model_view::load(const std::string& generation) {
  if (!generation.empty() && generation != "newest" && generation != "best") {
    auto number = parse_generation(generation);
    if (!number)
      return number.error();
    auto all = store.generations();
    if (!all)
      return all.error();
    if (std::find(all->begin(), all->end(), *number) == all->end())
      return fail(ec::store_missing, "{}: has no generation {}, only {}",
                  store.folder(), *number, fmt::join(*all, ", "));
    return load_manifest(*fs, store.folder(), *number);
  }
  auto which = generation == "best" ? choice::best : choice::newest;
  auto chosen = store.open(which);
  if (!chosen)
    return chosen.error();
  return load_manifest(*fs, store.folder(), chosen->generation);
}

} // namespace nnactor
