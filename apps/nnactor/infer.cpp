#include "served_model.hpp"

#include "nnactor/config/experiment.hpp"
#include "nnactor/data/dataset.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numeric>

namespace nnactor {

namespace {

struct infer_options {
  std::string model;
  std::vector<override_text> overrides;
  bool training = false; ///< Ask about the training split instead.
  uint64_t limit = 20;
  std::string output;
  node_options nodes;
  bool json = false;
};

// The data of the experiment that the model was trained by.
result<std::shared_ptr<const dataset>> open_data(const manifest& from,
                                                 const infer_options& how) {
  auto config = parse_experiment(from.experiment, how.model, how.overrides);
  if (!config)
    return config.error();
  auto data = open_dataset(config->data);
  if (!data)
    return data;
  auto shape = (*data)->shape();
  auto& input = from.net.layers.front();
  if (shape.time_steps != from.net.time_steps)
    return fail(ec::invalid_data,
                "the model in {} was trained on examples of {} time steps, not "
                "{}; see data.time_steps",
                how.model, from.net.time_steps, shape.time_steps);
  if (shape.input_width != input.width || shape.tokens != input.tokens
      || shape.output_width != from.net.output().width)
    return fail(ec::invalid_data,
                "{} has {} inputs and {} classes, the model in {} was made for "
                "{} and {}; give it the data it was trained on with --set "
                "data.path=PATH",
                config->data.path.empty() ? "noise" : config->data.path,
                shape.input_width, shape.output_width, how.model, input.width,
                from.net.output().width);
  auto* characters = (*data)->characters();
  if (characters != nullptr && characters->code_points != from.vocabulary)
    return fail(ec::invalid_data,
                "{} has other characters than the texts that the model in {} "
                "was trained on",
                config->data.path, how.model);
  return data;
}

std::string name_of(const dataset& data, int32_t label) {
  auto* characters = data.characters();
  return characters == nullptr
             ? std::to_string(label)
             : nlohmann::json(characters->decode(label)).dump();
}

// Counts of all examples asked so far.
struct score {
  uint64_t answers = 0; ///< One a time step.
  uint64_t correct = 0;
  double loss = 0;
};

/// The first columns: time steps only where there are several.
template <class Example, class Step>
std::string place_of(const Example& example, const Step& step, uint64_t steps) {
  return steps == 1 ? fmt::format("{:>8}  ", example)
                    : fmt::format("{:>8}  {:>9}  ", example, step);
}

void show(const dataset& data, const examples& asked, const tensor& answers,
          uint64_t first, bool json, score& all) {
  auto labels = asked.targets.values<int32_t>();
  auto columns = answers.extent().size() / labels.size();
  auto steps = asked.targets.extent().columns;
  for (uint64_t i = 0; i < labels.size(); ++i) {
    auto row = answers.values<float>().subspan(i * columns, columns);
    auto best = std::max_element(row.begin(), row.end());
    auto guess = static_cast<int32_t>(best - row.begin());
    ++all.answers;
    all.correct += guess == labels[i] ? 1 : 0;
    all.loss -= std::log(static_cast<double>(row[labels[i]]));
    if (json)
      fmt::print("{}\n", nlohmann::json{{"example", first + i / steps},
                                        {"time_step", i % steps + 1},
                                        {"label", labels[i]},
                                        {"answer", guess},
                                        {"value", *best}}
                             .dump());
    else
      fmt::print("{}{:>8}  {:>8}  {:>10.6f}{}\n",
                 place_of(first + i / steps, i % steps + 1, steps),
                 name_of(data, labels[i]), name_of(data, guess), *best,
                 guess == labels[i] ? "" : "  wrong");
  }
}

void show(const score& all, uint64_t steps, bool is_class, bool json) {
  auto answers = static_cast<double>(all.answers);
  auto accuracy = static_cast<double>(all.correct) / answers;
  auto summary = nlohmann::json{{"examples", all.answers / steps},
                                {"answers", all.answers},
                                {"accuracy", accuracy}};
  if (is_class)
    summary["loss"] = all.loss / answers;
  auto what = fmt::format("{} examples", all.answers / steps);
  if (steps > 1)
    what += fmt::format(" of {} time steps", steps);
  if (json)
    fmt::print("{}\n", summary.dump());
  else if (is_class)
    fmt::print("{}: {:.2f} % right, mean loss {:.4f} nats\n", what,
               100 * accuracy, all.loss / answers);
  else
    fmt::print("{}: {:.2f} % right\n", what, 100 * accuracy);
}

caf::error ask(const infer_options& how) {
  auto model = served_model::open(how.model, how.nodes);
  if (!model)
    return model.error();
  auto data = open_data(model->from, how);
  if (!data)
    return data.error();
  std::ofstream output;
  if (!how.output.empty())
    output.open(how.output, std::ios::binary | std::ios::trunc);
  auto part = how.training ? split::train : split::validation;
  auto size = (*data)->size(part);
  auto end = how.limit == 0 ? size : std::min(how.limit, size);
  if (!how.json)
    fmt::print("{}{:>8}  {:>8}  {:>10}\n",
               place_of("example", "time step", model->from.net.time_steps),
               "label", "answer", "value");
  score all;
  constexpr uint64_t rows = 256;
  for (uint64_t first = 0; first < end; first += rows) {
    std::vector<uint64_t> indices(std::min(rows, end - first));
    std::iota(indices.begin(), indices.end(), first);
    auto asked = (*data)->gather(part, indices);
    auto answers = model->cluster->infer(asked.inputs);
    if (!answers)
      return answers.error();
    show(**data, asked, *answers, first, how.json, all);
    output.write(reinterpret_cast<const char*>(answers->bytes().data()),
                 static_cast<std::streamsize>(answers->bytes().size()));
  }
  if (!how.output.empty() && !output.flush())
    return fail(ec::invalid_argument, "cannot write the outputs to {}",
                how.output);
  show(all, model->from.net.time_steps,
       model->from.net.loss().kind == layer_kind::softmax_cross_entropy,
       how.json);
  return caf::none;
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
      ->type_name("KEY=VALUE");
  command->add_flag("--training", how->training,
                    "Ask about the training examples instead");
  command->add_option("--limit", how->limit, "Examples to ask about, 0: all")
      ->capture_default_str();
  command->add_option("--output", how->output,
                      "File for the raw outputs: float32, little-endian, a row "
                      "an example");
  command->add_flag("--json", how->json, "Print one JSON object a line");
  how->nodes.add_to(*command, true);
  command->callback([how, &status] { status = finish(ask(*how)); });
}

} // namespace nnactor
