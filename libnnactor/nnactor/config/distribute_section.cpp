#include "nnactor/config/sections.hpp"

#include <array>
#include <charconv>
#include <sstream>
#include <string_view>

namespace nnactor {

namespace {

/// The keys of which every part has exactly one.
constexpr std::array<std::pair<const char*, mechanism>, 6> mechanisms{{
    {"percentage", mechanism::percentage},
    {"count", mechanism::count},
    {"ids", mechanism::ids},
    {"layers", mechanism::layers},
    {"types", mechanism::types},
    {"speed", mechanism::capacity},
}};

std::optional<uint64_t> parse_id(std::string_view text) {
  uint64_t id = 0;
  auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), id);
  if (failure != std::errc{} || end != text.data() + text.size()
      || id > INT64_MAX)
    return std::nullopt;
  return id;
}

/// Parses "10-20", both ends included, or a single number.
std::optional<neuron_interval> parse_range(std::string_view text) {
  auto dash = text.find('-');
  auto first = parse_id(text.substr(0, dash));
  auto last =
      dash == std::string_view::npos ? first : parse_id(text.substr(dash + 1));
  if (!first || !last || *last < *first)
    return std::nullopt;
  return neuron_interval{*first, *last + 1};
}

std::optional<neuron_interval> parse_ids(const toml::node& node) {
  if (const auto* text = node.as_string())
    return parse_range(text->get());
  const auto* id = node.as_integer();
  if (id == nullptr || id->get() < 0)
    return std::nullopt;
  auto begin = static_cast<neuron_id>(id->get());
  return neuron_interval{begin, begin + 1};
}

/// A value as it stands in the config.
std::string written(const toml::node& what) {
  std::ostringstream out;
  what.visit([&](const auto& x) { out << x; });
  return out.str();
}

void read_ids(section& from, std::vector<neuron_interval>& into) {
  const auto* node = from.take("ids");
  if (node == nullptr)
    return;
  const auto* list = node->as_array();
  if (list == nullptr)
    return from.reject_type("ids", "a list of numbers and ranges", *node);
  if (list->empty())
    return from.reject("ids", "must not be empty");
  for (const auto& element : *list) {
    auto ids = parse_ids(element);
    if (!ids)
      return from.reject_at(
          element,
          fmt::format("'distribute.partition.ids' has {}, but takes neuron "
                      "numbers and ranges such as \"10-20\"",
                      written(element)));
    into.push_back(*ids);
  }
}

/// Returns the mechanism of a part, `even` after an error.
mechanism mechanism_of(const section& part) {
  std::vector<std::string> given;
  auto found = mechanism::even;
  for (const auto& [key, how] : mechanisms) {
    if (part.has(key)) {
      given.emplace_back(key);
      found = how;
    }
  }
  if (given.size() == 1)
    return found;
  part.reject(fmt::format(
      "a part needs exactly one of percentage, count, ids, layers, types and "
      "speed; this one has {}",
      given.empty() ? "none" : fmt::format("{}", fmt::join(given, " and "))));
  return mechanism::even;
}

share read_share(section from) {
  static const auto picks = choices_of({pick::begin, pick::end, pick::random});
  share out;
  out.where = from.where();
  from.read("percentage", out.percentage, real_range{0, 100, false, true});
  from.read("count", out.count, integer_range{1, INT64_MAX});
  read_ids(from, out.ids);
  from.read("layers", out.layers);
  from.read("types", out.types);
  from.read("speed", out.speed, real_range{0, 1e18, false, true});
  read_bytes(from, "memory", out.memory);
  from.read("pick", out.from, picks);
  from.finish();
  if (from.has("pick") && !from.has("percentage") && !from.has("count"))
    from.reject("pick", "only goes with percentage and count");
  if (from.has("memory") && !from.has("speed"))
    from.reject("memory", "only goes with speed");
  return out;
}

void add_share(section from, distribution& into) {
  into.shares.push_back(read_share(from));
  auto how = mechanism_of(from);
  if (into.shares.size() == 1)
    into.how = how;
  else if (how != into.how)
    from.reject(fmt::format("this part goes by {} but the first by {}; all "
                            "parts must go by the same",
                            to_string(how), to_string(into.how)));
}

/// How to split where no parts are written.
mechanism read_way(section& from) {
  static const auto ways = choices_of(
      {mechanism::even, mechanism::capacity, mechanism::connectivity,
       mechanism::layerwise, mechanism::megatron, mechanism::automatic});
  auto out = mechanism::even;
  from.read("by", out, ways);
  return out;
}

} // namespace

distribution read_distribute(section from, uint64_t nodes) {
  distribution out;
  // What is wrong with the parts as a whole is told where they are written.
  out.where = from.where("partition");
  out.parts = nodes;
  from.read("parts", out.parts, integer_range{1, 65536});
  from.read("seed", out.seed, integer_range{0, INT64_MAX});
  from.each("partition", [&](section part) { add_share(part, out); });
  // Listed neurons and layers are meant of the network as a whole, unless the
  // section says otherwise.
  auto way = read_way(from);
  if (way != mechanism::even) {
    if (!out.shares.empty())
      from.reject("by", "splits without shares, so there must be no "
                        "[[distribute.partition]]");
    out.how = way;
    if (out.waits_for_nodes() && from.has("parts"))
      from.reject("by", "asks the nodes how many parts there are, so there "
                        "must be no parts");
    if (out.is_planned() && from.has("per_layer"))
      from.reject("by", "is a plan of layers and neurons, so there must be no "
                        "per_layer");
  }
  out.per_layer = out.how != mechanism::ids && out.how != mechanism::layers
                  && out.how != mechanism::types
                  && out.how != mechanism::connectivity && !out.is_planned();
  from.read("per_layer", out.per_layer);
  from.finish();
  if (from.has("parts") && !out.shares.empty())
    from.reject("parts", "splits evenly, so there must be no "
                         "[[distribute.partition]]");
  return out;
}

} // namespace nnactor
