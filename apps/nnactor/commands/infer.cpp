#include "commands/commands.hpp"
#include "commands/open_model.hpp"
#include "terminal/format.hpp"
#include "terminal/interruption.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"
#include "terminal/output_file.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/run/answers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <optional>

namespace nnactor {

namespace {

struct infer_options {
  std::string model;
  std::vector<override_text> overrides;
  bool training = false; ///< Ask about the training split instead.
  uint64_t limit = 20;
  std::string output;
  bool overwrite = false;
  node_options nodes;
  bool json = false;
};

/// Columns of what an example is about, so that both fit a line of a terminal.
constexpr size_t widest = 28;

/// What an example is about, label or guess of every time step: a quoted text,
/// or numbers.
std::string names_of(const dataset& data, std::span<const answer> all,
                     int32_t answer::*which) {
  auto* characters = data.characters();
  std::string out;
  for (auto& x : all)
    out += characters != nullptr
               ? characters->decode(x.*which)
               : fmt::format("{}{}", out.empty() ? "" : ",", x.*which);
  return cut(characters != nullptr ? json_text(nlohmann::json(out)) : out,
             widest);
}

void say_heading(uint64_t steps) {
  if (steps == 1)
    say("{:>8}  {:>8}  {:>8}  {:>10}\n", "example", "label", "answer", "value");
  else
    say("{:>8}  {:>9}  {:<{}}  {}\n", "example", "right", "labels", widest,
        "answers");
}

/// A line an example.
void say_example(const dataset& data, uint64_t example,
                 std::span<const answer> all) {
  auto labels = names_of(data, all, &answer::label);
  auto guesses = names_of(data, all, &answer::guess);
  if (all.size() == 1)
    return say("{:>8}  {:>8}  {:>8}  {:>10.6f}{}\n", example, labels, guesses,
               all[0].value, all[0].guess == all[0].label ? "" : "  wrong");
  auto right =
      std::ranges::count_if(all, [](auto& x) { return x.guess == x.label; });
  say("{:>8}  {:>9}  {}{}  {}\n", example,
      fmt::format("{} of {}", right, all.size()), labels,
      std::string(widest - width_of(labels), ' '), guesses);
}

/// What an answer is of an example, for people and for programs.
struct answer_place {
  const char* word = "time step";
  const char* key = "time_step";

  static answer_place in(const network& net) {
    return net.context > 1 ? answer_place{"token", "position"} : answer_place{};
  }
};

/// An object an answer.
void say_answers(uint64_t example, std::span<const answer> all,
                 const answer_place& place) {
  for (size_t step = 0; step < all.size(); ++step)
    say_json(nlohmann::json{{"example", example},
                            {place.key, step + 1},
                            {"label", all[step].label},
                            {"answer", all[step].guess},
                            {"value", all[step].value}});
}

void show(const dataset& data, const network& net, const examples& asked,
          const tensor& outputs, uint64_t first, bool json, score& all) {
  auto answers = answers_of(asked, outputs);
  auto steps = net.answers();
  for (auto& x : answers)
    all.add(x);
  for (uint64_t i = 0; i < answers.size() / steps; ++i) {
    auto one = std::span{answers}.subspan(i * steps, steps);
    if (json)
      say_answers(first + i, one, answer_place::in(net));
    else
      say_example(data, first + i, one);
  }
}

void show(const score& all, const network& net, bool json) {
  auto steps = net.answers();
  auto is_class = net.loss().kind == layer_kind::softmax_cross_entropy;
  auto summary = nlohmann::json{{"examples", all.answers / steps},
                                {"answers", all.answers},
                                {"accuracy", all.accuracy()}};
  if (is_class)
    summary["loss"] = all.mean_loss();
  auto what = counted(all.answers / steps, "example");
  if (steps > 1)
    what += " of " + counted(steps, answer_place::in(net).word);
  if (json)
    say_json(summary);
  else if (is_class)
    say("{}: {:.2f} % right, mean loss {:.4f} nats\n", what,
        100 * all.accuracy(), all.mean_loss());
  else
    say("{}: {:.2f} % right\n", what, 100 * all.accuracy());
}

result<std::optional<output_file>> create_output(const infer_options& how) {
  if (how.output.empty())
    return std::optional<output_file>{};
  auto file = output_file::create(how.output, how.overwrite);
  if (!file)
    return file.error();
  return std::optional{std::move(*file)};
}

caf::error ask_all(const infer_options& how, served_model& model,
                   const dataset& data, std::optional<output_file>& output) {
  auto part = how.training ? split::train : split::validation;
  auto size = data.size(part);
  auto end = how.limit == 0 ? size : std::min(how.limit, size);
  auto& net = model.from().net;
  if (!how.json)
    say_heading(net.answers());
  score all;
  auto rows = defaults::question_examples(net.answers());
  for (uint64_t first = 0; first < end && !output_failed(); first += rows) {
    std::vector<uint64_t> indices(std::min(rows, end - first));
    std::iota(indices.begin(), indices.end(), first);
    auto asked = data.gather(part, indices);
    auto answers = model.infer(asked.inputs);
    if (!answers)
      return answers.error();
    show(data, net, asked, *answers, first, how.json, all);
    auto& bytes = answers->bytes();
    if (output)
      if (auto err = output->write(
              {reinterpret_cast<const char*>(bytes.data()), bytes.size()}))
        return err;
  }
  if (output)
    if (auto err = output->finish())
      return err;
  show(all, net, how.json);
  return caf::none;
}

caf::error ask(const infer_options& how) {
  interruption signals{"not all was asked"};
  if (auto err = check_output(how.output, how.overwrite))
    return err;
  auto model = open_model(how.model, how.nodes);
  if (!model)
    return model.error();
  auto data = open_data_of(model->from(), how.model, how.overrides);
  if (!data)
    return data.error();
  auto output = create_output(how);
  if (!output)
    return output.error();
  return ask_all(how, *model, **data, *output);
}

} // namespace

void add_infer_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<infer_options>();
  auto* command = parent.add_subcommand(
      "infer", "Ask a saved model about the data it was not trained on");
  command->add_option("model", how->model, "Folder of the model")->required();
  command
      ->add_option("--set", how->overrides,
                   "Override a key of its config, for example data.path=PATH")
      ->type_name("KEY=VALUE")
      ->transform(utf8_text());
  command->add_flag("--training", how->training,
                    "Ask about the training examples instead");
  command->add_option("--limit", how->limit, "Examples to ask about, 0: all")
      ->transform(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  command->add_option(
      "--output", how->output,
      "File for all outputs: float32, little-endian, no header, "
      "[example, time step, output]; probabilities where the "
      "loss is softmax_cross_entropy, else as the last layer "
      "gives them");
  command->add_flag("--overwrite", how->overwrite,
                    "Replace the file of --output");
  command->add_flag("--json", how->json, "Print one JSON object a line");
  how->nodes.add_to(*command, true);
  command->callback([how, &status] { status = finish(ask(*how)); });
}

} // namespace nnactor
