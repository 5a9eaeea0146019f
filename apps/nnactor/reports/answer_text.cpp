#include "reports/answer_text.hpp"

#include "terminal/format.hpp"
#include "terminal/table.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace nnactor {

namespace {

using json_value = nlohmann::json; ///< What was answered, or a part.

constexpr size_t widest_list = 24;

const json_value& member(const json_value& of, const char* key) {
  static const json_value nothing;
  auto found = of.is_object() ? of.find(key) : of.end();
  return found != of.end() ? *found : nothing;
}

std::string text(const json_value& of, const char* key) {
  auto& x = member(of, key);
  return x.is_string() ? printable(x.get<std::string>()) : std::string{};
}

std::optional<double> real(const json_value& of, const char* key) {
  auto& x = member(of, key);
  return x.is_number() ? std::optional{x.get<double>()} : std::nullopt;
}

std::optional<uint64_t> whole(const json_value& of, const char* key) {
  auto& x = member(of, key);
  return x.is_number_unsigned() ? std::optional{x.get<uint64_t>()}
                                : std::nullopt;
}

std::string count(const json_value& of, const char* key) {
  auto x = whole(of, key);
  return x ? format_count(*x) : std::string{};
}

std::string how_many(const json_value& of, const char* key, const char* what) {
  auto x = whole(of, key);
  return x ? counted(*x, what) : std::string{};
}

std::string id(const json_value& of, const char* key) {
  auto x = whole(of, key);
  return x ? fmt::format("{}", *x) : std::string{};
}

/// A node's number; the driver has none.
std::string node(const json_value& of, const char* key) {
  auto x = whole(of, key);
  return x && *x == 0 ? "driver" : id(of, key);
}

std::string bytes(const json_value& of, const char* key) {
  auto x = whole(of, key);
  return x ? format_bytes(*x) : std::string{};
}

std::string decimals(const json_value& of, const char* key, int digits) {
  auto x = real(of, key);
  return x && std::isfinite(*x) ? format_decimal(*x, digits) : std::string{};
}

std::string loss(const json_value& of, const char* key) {
  auto x = real(of, key);
  return x ? format_loss(*x) : "none yet";
}

/// The elements of a list, or none.
const json_value& elements(const json_value& of, const char* key) {
  static const json_value none = json_value::array();
  auto& x = member(of, key);
  return x.is_array() ? x : none;
}

/// "2,3,4", cut where it is long.
std::string list(const json_value& of, const char* key) {
  std::vector<std::string> all;
  for (auto& x : elements(of, key))
    all.push_back(x.is_string() ? printable(x.get<std::string>())
                  : x.is_number_unsigned()
                      ? fmt::format("{}", x.get<uint64_t>())
                      : std::string{});
  return cut(fmt::format("{}", fmt::join(all, ",")), widest_list);
}

std::string seconds(const json_value& of) {
  return decimals(of, "seconds", 2);
}

std::string wait_sentence(const json_value& x) {
  return fmt::format(
      "  group {} (layer {}) on node {} {} waits for the {} of neurons {} of "
      "group {}\n    on node {} {}, step {} micro-batch {}, for {} s\n",
      id(x, "group"), text(x, "layer"), id(x, "node"), text(x, "address"),
      text(x, "for"), cut(text(x, "of_neurons"), widest_list),
      id(x, "of_group"), id(x, "of_node"), text(x, "of_address"),
      count(x, "step"), id(x, "micro_batch"), decimals(x, "seconds", 1));
}

/// ", 31.5 steps/s"; nothing while the run does not go on.
std::string rate(const json_value& x) {
  auto speed = real(x, "steps_per_s");
  return speed ? fmt::format(", {} steps/s", format_rate(*speed)) : "";
}

std::string status(const json_value& x) {
  auto out =
      fmt::format("{}: step {} of {}{}, loss {}, validation {}\n"
                  "  model {}, generation {}, epoch {}; {} on {}\n",
                  text(x, "state"), count(x, "step"), count(x, "steps"),
                  rate(x), loss(x, "loss"), loss(x, "validation_loss"),
                  text(x, "model"), count(x, "generation"), id(x, "epoch"),
                  how_many(x, "groups", "group"), how_many(x, "nodes", "node"));
  for (auto& e : elements(x, "events"))
    out += fmt::format("  step {}: {}\n", count(e, "step"), text(e, "what"));
  for (auto& w : elements(x, "waits"))
    out += wait_sentence(w);
  return out;
}

/// What the node's process takes of the memory of its machine, which several
/// may share.
std::string machine(const json_value& node) {
  return fmt::format("{}: {} of {}", text(node, "host"),
                     bytes(node, "used_memory"), bytes(node, "memory"));
}

std::string nodes(const json_value& x) {
  table out{{">node", "address", "machine", ">groups", ">neurons", ">ms a step",
             ">sent"}};
  for (auto& n : elements(x, "nodes"))
    out.add({id(n, "node"), text(n, "address"), machine(n), count(n, "groups"),
             count(n, "neurons"), decimals(n, "busy_ms", 3),
             bytes(n, "sent_bytes")});
  out.add({"driver", "", "", count(member(x, "driver"), "groups"), "", "", ""});
  auto all = out.render();
  for (auto& g : elements(x, "gone"))
    all += fmt::format("  {}\n", text(g, "text"));
  return all;
}

std::string layers(const json_value& x) {
  table out{{"layer", "kind", "activation", ">neurons", "ids", ">parameters",
             "reads", "groups"}};
  for (auto& l : elements(x, "layers")) {
    auto neurons = whole(l, "units").value_or(0);
    out.add(
        {text(l, "name"), text(l, "kind"), text(l, "activation"),
         neurons > 0 ? count(l, "units") : "",
         neurons > 0 ? fmt::format("{}-{}", id(l, "first"), id(l, "last")) : "",
         neurons > 0 ? count(l, "parameters") : "", list(l, "reads"),
         list(l, "groups")});
  }
  return out.render();
}

std::string groups(const json_value& x) {
  table out{{">group", "layer", ">size", "neurons", ">node", ">device",
             ">us a step", "reads", "read by"}};
  for (auto& g : elements(x, "groups"))
    out.add({id(g, "group"), text(g, "layer"), count(g, "size"),
             cut(text(g, "neurons"), 16), node(g, "node"), id(g, "device"),
             decimals(g, "busy_us", 1), list(g, "reads"), list(g, "read_by")});
  return out.render();
}

/// Which weight of several a connection shows, "" where the reader has but one.
std::string shown_weight(const json_value& connection) {
  auto name = text(connection, "parameter");
  if (name.empty() || name == "weight")
    return "";
  auto rows = whole(connection, "rows").value_or(1);
  return rows == 1 ? name : fmt::format("{}, row 1 of {}", name, rows);
}

std::string connections(const json_value& x, const char* way,
                        const char* total) {
  auto& shown = elements(x, way);
  auto out =
      fmt::format("{} ({} of {}):\n", way, shown.size(), count(x, total));
  table lines{{">neuron", "layer", ">group", ">node", "where", ">position",
               ">weight", ""}};
  for (auto& c : shown) {
    auto& remote = member(c, "remote");
    auto away = remote.is_boolean() && remote.get<bool>();
    lines.add({member(c, "neuron").is_null() ? "-" : id(c, "neuron"),
               text(c, "layer"), id(c, "group"), node(c, "node"),
               away ? "remote" : "local", id(c, "position"),
               decimals(c, "weight", 6), shown_weight(c)});
  }
  return shown.empty() ? out : out + lines.render();
}

std::string neuron(const json_value& x) {
  return fmt::format(
             "neuron {} of layer {}: group {} (part {}), device {} of "
             "node {} {}; bias {}\n",
             id(x, "neuron"), text(x, "layer"), id(x, "group"), id(x, "part"),
             id(x, "device"), id(x, "node"), text(x, "address"),
             member(x, "bias").is_null() ? "none" : decimals(x, "bias", 6))
         + connections(x, "incoming", "incoming_total")
         + connections(x, "outgoing", "outgoing_total");
}

std::string state(const json_value& x) {
  auto out = fmt::format("{} at step {}", text(x, "state"), count(x, "step"));
  if (whole(x, "generation"))
    out = fmt::format("saved generation {} at step {}", count(x, "generation"),
                      count(x, "step"));
  return out + "\n";
}

std::string moved(const json_value& x) {
  auto out = fmt::format("step {}: {}", count(x, "step"), text(x, "text"));
  if (real(x, "seconds").value_or(0) > 0)
    out += fmt::format(" ({} s, epoch {})", seconds(x), id(x, "epoch"));
  out += "\n";
  if (!real(x, "gain"))
    return out;
  table lines{{">node", ">ms a step before", ">expected"}};
  for (auto& n : elements(x, "nodes"))
    lines.add({id(n, "node"), decimals(n, "busy_ms_before", 3),
               decimals(n, "busy_ms_expected", 3)});
  return out + lines.render()
         + fmt::format("  expected gain: {} times the steps/s\n",
                       decimals(x, "gain", 2));
}

} // namespace

std::string answer_text(const std::string& from) {
  auto x = json_value::parse(from, nullptr, false);
  if (!x.is_object())
    return printable(from) + "\n";
  auto what = text(x, "command");
  if (what == "status")
    return status(x);
  if (what == "nodes")
    return nodes(x);
  if (what == "layers")
    return layers(x);
  if (what == "groups")
    return groups(x);
  if (what == "neuron")
    return neuron(x);
  if (what == "pause" || what == "resume" || what == "save")
    return state(x);
  return moved(x);
}

} // namespace nnactor
