#include "nnactor/run/answers.hpp"

#include "nnactor/counting.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

caf::error check_shape(const data_shape& shape, const network& net,
                       const std::string& model) {
  auto& input = net.layers.front();
  if (shape.time_steps != net.time_steps)
    return fail(ec::invalid_data,
                "the model in {} was trained on examples of {}, not "
                "{}; see data.time_steps",
                model, counted(net.time_steps, "time step"), shape.time_steps);
  if (shape.context != net.context)
    return fail(ec::invalid_data,
                "the model in {} was trained on sequences of {}, not {}; see "
                "data.context",
                model, counted(net.context, "token"), shape.context);
  if (shape.input_width == input.width && shape.tokens == input.tokens
      && shape.output_width <= net.output().width)
    return caf::none;
  return fail(ec::invalid_data,
              "the data have {} inputs and {} classes, the model in {} was "
              "made for {} and {}; give it the data it was trained on with "
              "--set data.path=PATH",
              shape.input_width, shape.output_width, model, input.width,
              net.output().width);
}

} // namespace

result<std::shared_ptr<const dataset>>
open_data_of(const manifest& from, const std::string& model,
             const std::vector<override_text>& overrides) {
  auto config = parse_experiment(from.experiment, model, overrides);
  if (!config)
    return config.error();
  auto known = vocabulary_in(from);
  if (!known)
    return known.error();
  auto data = open_dataset(config->data, &*known);
  if (data)
    if (auto err = check_shape((*data)->shape(), from.net, model))
      return err;
  return data;
}

result<vocabulary> vocabulary_in(const manifest& from) {
  auto known = vocabulary_of(from.vocabulary, from.merges);
  if (!known)
    return fail(ec::store_corrupt,
                "the vocabulary of generation {} is none: its byte pairs do "
                "not follow from each other",
                from.generation);
  return std::move(*known);
}

std::vector<answer> answers_of(const examples& asked, const tensor& outputs) {
  auto labels = asked.targets.values<int32_t>();
  auto columns = outputs.extent().size() / labels.size();
  std::vector<answer> out;
  for (uint64_t i = 0; i < labels.size(); ++i) {
    auto row = outputs.values<float>().subspan(i * columns, columns);
    auto best = std::max_element(row.begin(), row.end());
    out.push_back({labels[i], static_cast<int32_t>(best - row.begin()), *best,
                   row[static_cast<size_t>(labels[i])]});
  }
  return out;
}

void score::add(const answer& x) {
  ++answers;
  correct += x.guess == x.label ? 1 : 0;
  loss -= std::log(static_cast<double>(x.right));
}

} // namespace nnactor
