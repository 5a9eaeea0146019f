#include "nnactor/shell/command.hpp"

#include "nnactor/address.hpp"
#include "nnactor/nearest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace nnactor {

namespace {

constexpr std::array names = {"status", "nodes",     "layers",    "groups",
                              "neuron", "pause",     "resume",    "save",
                              "move",   "move",      "rebalance", "join",
                              "leave",  "kill-node", "help",      "quit"};

using words = std::vector<std::string>;

words split(std::string_view line) {
  words out;
  for (size_t i = 0; i < line.size();) {
    auto end = line.find_first_of(" \t\r\n", i);
    end = end == std::string_view::npos ? line.size() : end;
    if (end > i)
      out.emplace_back(line.substr(i, end - i));
    i = end + 1;
  }
  return out;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  auto* last = text.data() + text.size();
  auto [end, failed] = std::from_chars(text.data(), last, out);
  return failed == std::errc{} && end == last && !text.empty()
             ? std::optional{out}
             : std::nullopt;
}

caf::error misuse(const std::string& name) {
  std::string grammar;
  for (auto& x : all_commands())
    if (name == x.name)
      grammar += (grammar.empty() ? "" : "' or '") + std::string{x.grammar};
  auto names_node = grammar.find("NODE") != std::string::npos;
  return fail(ec::invalid_argument, "{}: write '{}'{}", name, grammar,
              names_node ? ", where NODE is its number or HOST:PORT" : "");
}

bool read_node(const std::string& text, command& out) {
  if (auto digits = number<uint32_t>(text)) {
    out.node.number = *digits;
    return *digits > 0;
  }
  auto address = parse_address(text);
  if (address)
    out.node.address = to_string(*address);
  return static_cast<bool>(address);
}

bool read_neuron(const words& all, command& out) {
  auto id = all.size() >= 2 ? number<neuron_id>(all[1]) : std::nullopt;
  out.neuron = id.value_or(0);
  out.all = all.size() == 3 && all[2] == "all";
  return id && (all.size() == 2 || out.all);
}

bool read_range(const std::string& text, command& out) {
  auto dash = text.find('-');
  auto first = number<neuron_id>(std::string_view{text}.substr(0, dash));
  auto last = dash == std::string::npos
                  ? first
                  : number<neuron_id>(std::string_view{text}.substr(dash + 1));
  if (!first || !last || *last < *first || *last == UINT64_MAX)
    return false;
  out.first = *first;
  out.last = *last;
  return true;
}

// move group ID to NODE, move neurons FIRST-LAST to NODE
bool read_move(const words& all, command& out) {
  if (all.size() != 5 || all[3] != "to" || !read_node(all[4], out))
    return false;
  if (all[1] == "neurons") {
    out.kind = command_kind::move_neurons;
    return read_range(all[2], out);
  }
  auto group = number<group_id>(all[2]);
  out.group = group.value_or(0);
  return all[1] == "group" && group;
}

bool read_rest(const words& all, command& out) {
  switch (out.kind) {
  case command_kind::neuron:
    return read_neuron(all, out);
  case command_kind::move_group:
  case command_kind::move_neurons:
    return read_move(all, out);
  case command_kind::leave:
  case command_kind::kill_node:
    return all.size() == 2 && read_node(all[1], out);
  case command_kind::join:
    return all.size() == 2;
  case command_kind::help:
    out.text = all.size() == 2 ? all[1] : "";
    return all.size() <= 2;
  default:
    return all.size() == 1;
  }
}

bool is_placeholder(const std::string& word) {
  return std::ranges::none_of(word,
                              [](char c) { return c >= 'a' && c <= 'z'; });
}

/// What may stand where a grammar has this word, after that one.
words choices(const std::string& word, const std::string& after,
              const command_words& known) {
  if (word == "NODE")
    return known.nodes;
  if (word == "ID" && after == "group")
    return known.groups;
  if (word == "COMMAND")
    return {names.begin(), names.end()};
  return is_placeholder(word) ? words{} : words{word};
}

} // namespace

std::vector<std::string> next_words(std::string_view before,
                                    const command_words& known) {
  auto typed = split(before);
  words out;
  for (auto& x : all_commands()) {
    // Brackets are around what may be left out.
    auto grammar = std::string{x.grammar};
    std::erase_if(grammar, [](char c) { return c == '[' || c == ']'; });
    auto form = split(grammar);
    if (form.size() <= typed.size()
        || !std::ranges::equal(typed, std::span{form}.first(typed.size()),
                               [](auto& word, auto& place) {
                                 return word == place || is_placeholder(place);
                               }))
      continue;
    auto last = typed.empty() ? "" : form[typed.size() - 1];
    for (auto& choice : choices(form[typed.size()], last, known))
      if (std::ranges::find(out, choice) == out.end())
        out.push_back(choice);
  }
  return out;
}

const char* to_string(command_kind kind) {
  return names[static_cast<size_t>(kind)];
}

result<command> parse_command(std::string_view line) {
  auto all = split(line);
  if (all.empty())
    return fail(ec::invalid_argument, "an empty line is no command; try help");
  auto found = std::ranges::find(names, all[0],
                                 [](const char* x) { return std::string{x}; });
  if (found == names.end())
    return fail(ec::invalid_argument, "there is no command '{}'{}; try help",
                all[0], did_you_mean(all[0], {names.begin(), names.end()}));
  command out;
  out.kind = static_cast<command_kind>(found - names.begin());
  if (!read_rest(all, out))
    return misuse(all[0]);
  if (out.kind == command_kind::join) {
    auto where = parse_address(all[1]);
    if (!where)
      return within("join", where.error());
    out.text = to_string(*where);
  }
  return out;
}

std::string to_string(const node_name& what) {
  return what.number > 0 ? fmt::format("{}", what.number) : what.address;
}

std::string to_string(const command& what) {
  auto name = std::string{to_string(what.kind)};
  switch (what.kind) {
  case command_kind::neuron:
    return fmt::format("{} {}{}", name, what.neuron, what.all ? " all" : "");
  case command_kind::move_group:
    return fmt::format("{} group {} to {}", name, what.group,
                       to_string(what.node));
  case command_kind::move_neurons:
    return fmt::format("{} neurons {}-{} to {}", name, what.first, what.last,
                       to_string(what.node));
  case command_kind::leave:
  case command_kind::kill_node:
    return fmt::format("{} {}", name, to_string(what.node));
  case command_kind::join:
  case command_kind::help:
    return what.text.empty() ? name : fmt::format("{} {}", name, what.text);
  default:
    return name;
  }
}

const std::vector<command_help>& all_commands() {
  static const std::vector<command_help> all = {
      {"status", "status", "What the run does, and who waits for whom."},
      {"nodes", "nodes", "Every node, its machine and how busy it is."},
      {"layers", "layers", "Every layer, its neurons and its groups."},
      {"groups", "groups", "Every group, where it is and how busy."},
      {"neuron", "neuron ID [all]",
       "Where a neuron is, its connections and their weights."},
      {"pause", "pause", "Stop between two steps."},
      {"resume", "resume", "Go on."},
      {"save", "save", "Commit a generation of the model now."},
      {"move", "move group ID to NODE", "Put a whole group on another node."},
      {"move", "move neurons FIRST-LAST to NODE",
       "Put neurons on another node; groups are split."},
      {"rebalance", "rebalance",
       "Measure the nodes and move work away from the slowest."},
      {"join", "join HOST:PORT", "Take a running node into the job."},
      {"leave", "leave NODE", "Move everything off a node and let it go."},
      {"kill-node", "kill-node NODE",
       "End a node's process, as a crash would."},
      {"help", "help [COMMAND]", "What commands there are."},
      {"quit", "quit", "Leave the shell; the run goes on."},
  };
  return all;
}

} // namespace nnactor
