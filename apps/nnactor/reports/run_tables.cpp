#include "reports/run_tables.hpp"

#include "terminal/format.hpp"
#include "terminal/table.hpp"

#include <algorithm>

namespace nnactor {

namespace {

// What the other columns do not tell of an attention layer.
std::string heads_of(const layer& what) {
  auto& how = what.attention;
  auto out = fmt::format(
      ", {} of {}", counted(what.units * how.queries, "head"), how.head_size);
  if (how.rotary_base != 0)
    out += ", rotary";
  if (how.window != 0)
    out += fmt::format(", window {}", how.window);
  return out + (how.causal ? "" : ", not causal");
}

std::string kind_of(const layer& what) {
  std::string out = to_string(what.kind);
  if (what.kind == layer_kind::sparse)
    out += fmt::format(" of {}", format_count(what.sparse.degree));
  if (what.kind == layer_kind::attention)
    out += heads_of(what);
  if (what.by_position)
    out += " of positions";
  if (what.tied)
    out += ", tied to the vocabulary";
  if (what.norm.kind != norm_kind::none)
    out += fmt::format(", {} norm", to_string(what.norm.kind));
  if (what.dropout > 0)
    out += fmt::format(", dropout {}", what.dropout);
  if (what.gated)
    out += ", gated";
  if (what.act != activation::none)
    out += fmt::format(", {}", to_string(what.act));
  return out;
}

std::string inputs_of(const network& net, const layer& what) {
  std::string out;
  for (size_t i = 0; i < what.inputs.size(); ++i) {
    out += (out.empty() ? "" : ", ") + net.layers[what.inputs[i]].name;
    if (auto delay = what.delay_of(i); delay > 0)
      out += fmt::format(" {} before", delay);
  }
  return out;
}

// Layers without neurons have a width instead.
std::string output_of(const layer& what) {
  if (what.kind == layer_kind::input)
    return what.tokens > 0
               ? fmt::format("{} of {}", counted(what.width, "token"),
                             format_count(what.tokens))
               : format_count(what.width);
  if (is_loss(what.kind))
    return "";
  return what.positions == 1 ? format_count(what.width)
                             : fmt::format("{} x {}", format_count(what.units),
                                           format_count(what.positions));
}

std::string device_of(const node_info& info) {
  return info.devices == 1 ? info.device
                           : fmt::format("{} x {}", info.devices, info.device);
}

// A command of the program; {program}, {model} and {table} stand for what they
// say.
struct suggestion {
  enum class when { always, text, no_text, table };
  const char* words;
  const char* purpose;
  when shown = when::always;
};

constexpr suggestion suggestions[] = {
    {"{program} generate {model} --prompt \"This is \"",
     "Let it write on from a prompt", suggestion::when::text},
    {"{program} generate {model} --local 5", "The same model on five nodes",
     suggestion::when::text},
    {"{program} infer {model}", "Ask it about data it was not trained on"},
    {"{program} infer {model} --local 3", "The same on three nodes",
     suggestion::when::no_text},
    {"{program} model info {model}", "See what is in it"},
    {"{program} model verify {model}", "Read all of it and check every sum"},
    {"{program} node table {table}",
     "See which remote neurons node 1 is connected with",
     suggestion::when::table},
};

bool is_shown(const suggestion& what, const next_steps& how) {
  switch (what.shown) {
  case suggestion::when::text:
    return how.text;
  case suggestion::when::no_text:
    return !how.text;
  case suggestion::when::table:
    return !how.table.empty();
  default:
    return true;
  }
}

} // namespace

size_t groups_on_driver(const deployed_network& network) {
  auto& where = network.job->where;
  return static_cast<size_t>(
      std::ranges::count(where.seats, where.driver(), &placement::seat::node));
}

std::string render_network(const network& net) {
  table out{{"layer", "kind", "reads", ">units", ">output", ">parameters"}};
  for (auto& x : net.layers)
    out.add({x.name, kind_of(x), inputs_of(net, x),
             x.units > 0 ? format_count(x.units) : "", output_of(x),
             x.units > 0 ? format_count(x.parameters()) : ""});
  out.add({"all", "", "", format_count(net.neuron_count()), "",
           format_count(net.parameter_count())});
  return out.render();
}

std::string render_cluster(const deployed_network& network) {
  table out{{">node", "address", "machine", "device", ">groups", ">neurons",
             ">parameters"}};
  for (size_t i = 0; i < network.cluster.members.size(); ++i) {
    auto& node = network.cluster.members[i];
    auto& report = network.reports[i];
    out.add({fmt::format("{}", network.job->servers[i].number), node.address,
             node.info.host, device_of(node.info), format_count(report.groups),
             format_count(report.neurons), format_count(report.parameters)});
  }
  out.add({"driver", "this process", "", "",
           format_count(groups_on_driver(network))});
  return out.render();
}

std::string render_next_steps(const next_steps& how) {
  std::string out;
  for (auto& x : suggestions)
    if (is_shown(x, how))
      out +=
          fmt::format("  {}:\n    {}\n", x.purpose,
                      fmt::format(fmt::runtime(x.words),
                                  fmt::arg("program", shell_word(how.program)),
                                  fmt::arg("model", shell_word(how.model)),
                                  fmt::arg("table", shell_word(how.table))));
  return out;
}

} // namespace nnactor
