#include "model/view.hpp"
#include "terminal/format.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace nnactor {

namespace {

using json = nlohmann::ordered_json;

std::string render_slices(const manifest& what) {
  table out{{"layer", "parameter", ">rows", ">columns", "neurons", "file",
             ">offset", ">bytes", "sha256"}};
  for (auto& x : what.slices)
    out.add({what.net.layers[x.layer].name, x.parameter,
             format_count(x.neurons.size()), format_count(x.columns),
             to_string(x.neurons, 3), x.file, format_count(x.offset),
             format_count(x.length), to_string(x.sum, 12)});
  return out.render(0);
}

json slices_to_json(const manifest& what) {
  auto slices = json::array();
  for (auto& x : what.slices) {
    auto neurons = json::array();
    for (auto& part : x.neurons.intervals())
      neurons.push_back({part.begin, part.end});
    slices.push_back({{"layer", what.net.layers[x.layer].name},
                      {"parameter", x.parameter},
                      {"shape", {x.neurons.size(), x.columns}},
                      {"neurons", std::move(neurons)},
                      {"file", x.file},
                      {"offset", x.offset},
                      {"length", x.length},
                      {"sha256", to_string(x.sum)}});
  }
  return {{"generation", what.generation}, {"slices", std::move(slices)}};
}

// Which rows to read. Every row has at least one value, so no more rows than
// the limit are ever shown.
result<neuron_set> choose_neurons(const network& net, layer_id layer,
                                  const dump_options& how) {
  auto& owner = net.layers[layer];
  if (owner.tied)
    return fail(ec::invalid_argument,
                "--layer {}: is tied to '{}' and has no neurons of its own",
                owner.name, net.output().name);
  if (owner.units == 0)
    return fail(ec::invalid_argument, "--layer {}: has no neurons", owner.name);
  if (how.neuron < 0) {
    auto rows = how.limit == 0 ? owner.units : std::min(owner.units, how.limit);
    return neuron_set::range(owner.first, owner.first + rows);
  }
  auto id = static_cast<neuron_id>(how.neuron);
  if (!owner.neurons().contains(id))
    return fail(ec::invalid_argument, "--neuron {}: layer '{}' has neurons {}",
                id, owner.name, to_string(owner.neurons()));
  return neuron_set::range(id, id + 1);
}

caf::error keep_parameter(parameter_set& rows, const std::string& name) {
  if (name.empty())
    return caf::none;
  std::vector<std::string> known;
  for (auto& x : rows.parameters)
    known.push_back(x.name);
  std::erase_if(rows.parameters, [&](auto& x) { return x.name != name; });
  if (!rows.parameters.empty())
    return caf::none;
  return fail(ec::invalid_argument, "--parameter {}: the layer has {}", name,
              fmt::join(known, ", "));
}

// Prints one parameter of some neurons, the values of each behind its id.
void print_values(const layer& owner, const neuron_set& neurons,
                  const parameter& what, uint64_t limit) {
  constexpr uint64_t values_a_line = 6;
  auto values = what.values.values<float>();
  auto columns = what.values.extent().columns;
  say("{} {}, {} a neuron\n", owner.name, what.name, columns);
  auto shown = limit == 0 ? values.size() : std::min(values.size(), limit);
  for (uint64_t i = 0; i < shown && !output_failed(); ++i) {
    auto column = i % columns;
    if (column == 0)
      say("{}{:>8}:", i == 0 ? "" : "\n", neurons.id_at(i / columns));
    else if (column % values_a_line == 0)
      say("\n{:9}", "");
    say(" {:>13.6g}", values[i]);
  }
  say("\n");
}

json values_to_json(const manifest& what, const parameter_set& rows,
                    uint64_t limit) {
  json out{{"generation", what.generation},
           {"layer", what.net.layers[rows.layer].name},
           {"rows", json::array()}};
  for (auto& x : rows.parameters) {
    auto values = x.values.values<float>();
    auto columns = x.values.extent().columns;
    auto shown = limit == 0 ? values.size() : std::min(values.size(), limit);
    for (uint64_t begin = 0; begin < shown; begin += columns) {
      auto row = values.subspan(begin, std::min(columns, shown - begin));
      out["rows"].push_back({{"parameter", x.name},
                             {"neuron", rows.neurons.id_at(begin / columns)},
                             {"values", std::vector(row.begin(), row.end())}});
    }
  }
  return out;
}

result<parameter_set> read_values(model_view& view, const manifest& what,
                                  const dump_options& how) {
  auto layer = what.net.find(how.layer);
  if (!layer)
    return within("--layer", layer.error());
  auto neurons = choose_neurons(what.net, *layer, how);
  if (!neurons)
    return neurons.error();
  auto rows = view.store.read(what, *layer, *neurons);
  if (rows)
    if (auto err = keep_parameter(*rows, how.parameter))
      return err;
  return rows;
}

void print_layer(const manifest& what, const parameter_set& rows,
                 const dump_options& how) {
  auto& owner = what.net.layers[rows.layer];
  for (auto& x : rows.parameters) {
    if (&x != &rows.parameters.front())
      say("\n");
    print_values(owner, rows.neurons, x, how.limit);
    auto wanted = how.neuron < 0 ? owner.units : 1;
    auto all = wanted * x.values.extent().columns;
    if (how.limit != 0 && all > how.limit)
      say("    {} more values, --limit 0 prints all\n",
          format_count(all - how.limit));
  }
}

} // namespace

result<int> dump_model(const dump_options& how) {
  model_view view{how.model.path};
  auto one = view.load(how.model.generation);
  if (!one)
    return one.error();
  if (how.layer.empty()) {
    if (how.model.json)
      say_json(slices_to_json(one->what));
    else
      say("{}", render_slices(one->what));
    return 0;
  }
  auto rows = read_values(view, one->what, how);
  if (!rows)
    return rows.error();
  if (how.model.json)
    say_json(values_to_json(one->what, *rows, how.limit));
  else
    print_layer(one->what, *rows, how);
  return 0;
}

} // namespace nnactor
