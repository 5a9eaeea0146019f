#include "nnactor/shell/command.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace nnactor;

namespace {

command any_command() {
  command out;
  out.kind = static_cast<command_kind>(*rc::gen::inRange(0, 16));
  if (*rc::gen::arbitrary<bool>())
    out.node.number = *rc::gen::inRange<uint32_t>(1, UINT32_MAX);
  else
    out.node.address = "[::1]:4700";
  out.group = *rc::gen::arbitrary<group_id>();
  out.first = *rc::gen::inRange<neuron_id>(0, UINT64_MAX / 2);
  out.last = out.first + *rc::gen::inRange<neuron_id>(0, UINT64_MAX / 2);
  out.neuron = *rc::gen::arbitrary<neuron_id>();
  out.all = *rc::gen::arbitrary<bool>();
  if (out.kind == command_kind::join)
    out.text = "host:4700";
  return out;
}

std::string refusal(std::string_view line) {
  auto read = parse_command(line);
  return read ? "" : explain(read.error());
}

bool has(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("what is written is what is read") {
  CHECK(rc::check([] {
    auto line = to_string(any_command());
    auto read = parse_command(line);
    RC_ASSERT(static_cast<bool>(read));
    RC_ASSERT(to_string(*read) == line);
  }));
}

TEST_CASE("no line breaks the parser") {
  CHECK(rc::check([] {
    auto line = *rc::gen::arbitrary<std::string>();
    auto read = parse_command(line);
    RC_ASSERT(read || !explain(read.error()).empty());
  }));
}

TEST_CASE("words may stand wherever there are blanks") {
  auto read = parse_command("\t move  neurons 5-9   to 2 ");
  REQUIRE(read);
  CHECK(read->kind == command_kind::move_neurons);
  CHECK(read->first == 5);
  CHECK(read->last == 9);
  CHECK(read->node == node_name{2, ""});
  CHECK(parse_command("move neurons 7 to 1")->last == 7);
}

TEST_CASE("a node is named by its number or its address") {
  CHECK(parse_command("leave 3")->node == node_name{3, ""});
  CHECK(parse_command("kill-node Host-A:4700")->node
        == node_name{0, "host-a:4700"});
  CHECK(parse_command("move group 4 to [::1]:4700")->node.address
        == "[::1]:4700");
  CHECK(has(refusal("leave host-a"), "its number or HOST:PORT"));
}

TEST_CASE("mistakes name the nearest command or how it is written") {
  CHECK(has(refusal("statsu"), "did you mean 'status'"));
  CHECK(has(refusal("move group 1"), "move group ID to NODE"));
  CHECK(has(refusal("move group 1"), "move neurons FIRST-LAST to NODE"));
  for (auto* line :
       {"", "move", "move group x to 1", "move group 1 to 0",
        "move neurons 9-5 to 1", "move neurons 0-18446744073709551615 to 1",
        "neuron", "neuron -1", "neuron 1 some", "leave", "leave 0", "leave 1 2",
        "join", "join here", "pause now", "kill-node", "help me please"})
    CHECK_MESSAGE(!refusal(line).empty(), line);
}

TEST_CASE("what may come next is known from how commands are written") {
  command_words known{{"4", "5"}, {"1", "2", "10.0.0.5:4700"}};
  using words = std::vector<std::string>;
  auto next = [&](const char* before) { return next_words(before, known); };
  auto first = next("");
  CHECK(std::ranges::find(first, "kill-node") != first.end());
  CHECK(std::ranges::count(first, "move") == 1);
  CHECK(next("move ") == words{"group", "neurons"});
  CHECK(next("move group ") == known.groups);
  CHECK(next("move group 4 ") == words{"to"});
  CHECK(next(" move  neurons 3-9 to ") == known.nodes);
  CHECK(next("leave ") == known.nodes);
  CHECK(next("neuron 7 ") == words{"all"});
  CHECK(next("help ") == first);
  CHECK(next("status ").empty());
  CHECK(next("nonsense ").empty());
}

TEST_CASE("every command has help") {
  for (int kind = 0; kind < 16; ++kind) {
    std::string name = to_string(static_cast<command_kind>(kind));
    size_t found = 0;
    for (auto& x : all_commands())
      found += name == x.name ? 1 : 0;
    CHECK(found == (name == "move" ? 2 : 1));
  }
}
