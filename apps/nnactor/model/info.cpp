#include "model/view.hpp"
#include "terminal/format.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include "nnactor/store/slice_check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace nnactor {

namespace {

using json = nlohmann::ordered_json;

// One generation as the list of them shows it.
struct row {
  uint64_t generation = 0;
  std::optional<manifest> what; ///< Nothing where it is damaged.
  std::string damage;           ///< Why.
  bool newest = false;          ///< Of those that are whole.
  bool best = false;
};

row look_at(model_view& view, uint64_t generation) {
  row out;
  out.generation = generation;
  auto loaded = load_manifest(*view.fs, view.store.folder(), generation);
  if (!loaded) {
    out.damage = explain(loaded.error());
    return out;
  }
  if (auto err = check_files(*view.fs, view.store.folder(), loaded->what))
    out.damage = explain(err);
  out.what = std::move(loaded->what);
  return out;
}

result<std::vector<row>> look_at_all(model_view& view) {
  auto numbers = view.store.generations();
  if (!numbers)
    return numbers.error();
  std::vector<row> rows;
  for (auto generation : *numbers)
    rows.push_back(look_at(view, generation));
  auto newest = view.store.open(choice::newest);
  auto best = view.store.open(choice::best);
  for (auto& x : rows) {
    x.newest = newest && newest->generation == x.generation;
    x.best = best && best->generation == x.generation
             && best->validation_loss.has_value();
  }
  return rows;
}

std::string loss_text(const std::optional<double>& loss) {
  return loss ? fmt::format("{:.4f}", *loss) : "-";
}

std::string remark(const row& x) {
  if (!x.damage.empty())
    return "damaged: " + x.damage;
  if (x.newest && x.best)
    return "newest, best";
  return x.newest ? "newest" : x.best ? "best" : "";
}

std::string render(const std::vector<row>& rows) {
  table out{{">generation", ">step", ">validation loss", ""}};
  for (auto& x : rows) {
    auto number = fmt::format("{}", x.generation);
    if (x.what)
      out.add({number, format_count(x.what->step),
               loss_text(x.what->validation_loss), remark(x)});
    else
      out.add({number, "", "", remark(x)});
  }
  return out.render();
}

/// "hidden 1, state 2": time steps that lie between an input and what is read
/// of it.
std::string delays_text(const network& net, const layer& x) {
  std::string out;
  for (size_t i = 0; i < x.inputs.size(); ++i)
    if (x.delay_of(i) > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ",
                         net.layers[x.inputs[i]].name, x.delay_of(i));
  return out;
}

/// "table, tied to 'vocabulary'": whose parameters are another layer's.
std::string kind_text(const network& net, const layer& x) {
  std::string out = to_string(x.kind);
  return x.tied ? fmt::format("{}, tied to '{}'", out, net.output().name) : out;
}

std::string render_layers(const network& net) {
  std::vector<std::string> headings = {"layer", "kind",        ">neurons",
                                       "ids",   ">parameters", "activation"};
  if (std::ranges::any_of(net.layers,
                          [](const layer& x) { return !x.delays.empty(); }))
    headings.push_back("delayed");
  table out{headings};
  for (auto& x : net.layers) {
    auto neurons = x.units != 0;
    out.add({x.name, kind_text(net, x), neurons ? format_count(x.units) : "-",
             neurons ? to_string(x.neurons()) : "-",
             neurons ? format_count(x.parameters()) : "-",
             x.act != activation::none || x.bias ? to_string(x.act) : "-",
             delays_text(net, x)});
  }
  return out.render();
}

uint64_t parameters_in(const network& net, const neuron_set& part) {
  uint64_t sum = 0;
  for (auto& x : net.layers)
    sum += intersect(part, x.neurons()).size() * x.parameters_per_neuron();
  return sum;
}

std::string render_parts(const manifest& what) {
  table out{{">part", ">neurons", ">share", ">parameters", "ids"}};
  auto all = static_cast<double>(what.net.neuron_count());
  for (size_t i = 0; i < what.parts.parts.size(); ++i) {
    auto& part = what.parts.parts[i];
    auto share = 100 * static_cast<double>(part.size()) / all;
    out.add({fmt::format("{}", i), format_count(part.size()),
             fmt::format("{:.1f} %", share),
             format_count(parameters_in(what.net, part)), to_string(part, 4)});
  }
  return out.render();
}

// Sizes of what a generation stores.
struct totals {
  uint64_t bytes = 0;
  size_t files = 0;
  std::set<std::string> states; ///< Of the optimizer: "adam.m", ...
};

totals sum_up(const manifest& what) {
  totals out;
  std::set<std::string> files;
  for (auto& x : what.slices) {
    out.bytes += x.length;
    files.insert(x.file);
    if (auto state = split_name(x.parameter).state; !state.empty())
      out.states.insert(std::string{state});
  }
  out.files = files.size();
  return out;
}

std::string parent_text(const manifest& what) {
  return what.parent == digest{} ? "none" : to_string(what.parent, 16);
}

std::string render_summary(const loaded_manifest& one) {
  auto& what = one.what;
  auto sizes = sum_up(what);
  auto out = fmt::format("Generation {}\n", what.generation);
  auto line = [&](const char* name, const std::string& value) {
    out += fmt::format("  {:<16} {}\n", name, value);
  };
  line("step", format_count(what.step));
  line("validation loss", loss_text(what.validation_loss));
  line("epoch",
       fmt::format("{}, its training began in {}", what.epoch, what.run));
  line("digest", to_string(one.sum, 16));
  line("parent", parent_text(what));
  line("network",
       fmt::format("{}, {}", counted(what.net.neuron_count(), "neuron"),
                   counted(what.net.parameter_count(), "parameter")));
  if (what.net.time_steps > 1)
    line("time steps", fmt::format("{} an example", what.net.time_steps));
  line("precision",
       fmt::format("products {}, links {}", to_string(what.train.compute),
                   to_string(what.train.link)));
  if (what.net.context > 1)
    line("context", counted(what.net.context, "token"));
  if (!what.merges.empty())
    line("vocabulary", counted(what.merges.size() / 2, "byte pair"));
  if (!what.vocabulary.empty())
    line("vocabulary", counted(what.vocabulary.size(), "character"));
  line("optimizer state",
       sizes.states.empty() ? "none"
                            : fmt::format("{}", fmt::join(sizes.states, ", ")));
  line("slices",
       fmt::format("{} in {}, {}", format_count(what.slices.size()),
                   counted(sizes.files, "file"), format_bytes(sizes.bytes)));
  return out;
}

json to_json(const row& x) {
  json out{{"generation", x.generation}};
  if (x.what) {
    out["step"] = x.what->step;
    out["validation_loss"] = x.what->validation_loss
                                 ? json(*x.what->validation_loss)
                                 : json(nullptr);
  }
  out["newest"] = x.newest;
  out["best"] = x.best;
  out["damage"] = x.damage.empty() ? json(nullptr) : json(x.damage);
  return out;
}

json layers_to_json(const network& net) {
  auto out = json::array();
  for (auto& x : net.layers)
    out.push_back(
        {{"name", x.name},
         {"kind", to_string(x.kind)},
         {"tied_to", x.tied ? json(net.output().name) : json(nullptr)},
         {"activation", to_string(x.act)},
         {"units", x.units},
         {"first", x.first},
         {"row_width", x.row_width},
         {"bias", x.bias},
         {"parameters", x.parameters()}});
  return out;
}

json parts_to_json(const manifest& what) {
  auto out = json::array();
  for (auto& part : what.parts.parts)
    out.push_back({{"neurons", part.size()},
                   {"parameters", parameters_in(what.net, part)}});
  return out;
}

json to_json(const std::string& path, const std::vector<row>& rows,
             const loaded_manifest& one) {
  auto& what = one.what;
  auto sizes = sum_up(what);
  json out{{"path", path}, {"generations", json::array()}};
  for (auto& x : rows)
    out["generations"].push_back(to_json(x));
  out["generation"] = what.generation;
  out["step"] = what.step;
  out["validation_loss"] =
      what.validation_loss ? json(*what.validation_loss) : json(nullptr);
  out["epoch"] = what.epoch;
  out["digest"] = to_string(one.sum);
  out["parent"] =
      what.parent == digest{} ? json(nullptr) : json(to_string(what.parent));
  out["neurons"] = what.net.neuron_count();
  out["parameters"] = what.net.parameter_count();
  out["vocabulary"] = what.vocabulary.size();
  out["byte_pairs"] = what.merges.size() / 2;
  out["context"] = what.net.context;
  out["optimizer_state"] = sizes.states;
  out["layers"] = layers_to_json(what.net);
  out["parts"] = parts_to_json(what);
  out["slices"] = what.slices.size();
  out["files"] = sizes.files;
  out["bytes"] = sizes.bytes;
  return out;
}

} // namespace

result<int> show_model(const model_options& how) {
  model_view view{how.path};
  auto one = view.load(how.generation);
  if (!one)
    return one.error();
  auto rows = look_at_all(view);
  if (!rows)
    return rows.error();
  if (how.json) {
    say_json(to_json(how.path, *rows, *one));
    return 0;
  }
  say("Model {}\n{}\n{}\n{}\n{}", how.path, render(*rows), render_summary(*one),
      render_layers(one->what.net), render_parts(one->what));
  return 0;
}

} // namespace nnactor
