#include "nnactor/partition/group_graph.hpp"

#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <set>

using namespace nnactor;
using namespace nnactor::test;

namespace {

using group_ids = std::vector<group_id>;

/// Whether spans are ascending, stay inside of both ends, and have as many
/// columns as their edge says.
bool are_sound(const edge& x, uint64_t producer_width,
               uint64_t consumer_width) {
  uint64_t columns = 0, from = 0, to = 0;
  for (const auto& span : x.spans) {
    if (span.count == 0 || span.from < from || span.to < to)
      return false;
    from = span.from + span.count;
    to = span.to + span.count;
    columns += span.count;
  }
  return !x.spans.empty() && columns == x.columns && from <= producer_width
         && to <= consumer_width && x.cut == (columns < producer_width);
}

/// The coordinate of the stream that is a column of what a group computes.
uint64_t coordinate_of(const network& net, const group& x, uint64_t column) {
  const auto& of = net.layers[x.layer];
  return is_coordinate(of.kind) ? x.neurons.id_at(column) - of.first : column;
}

/// How often each writer, a group or (of another stream) a whole layer, leads
/// to each coordinate of a reader; nothing if one leads to a wrong one.
std::optional<std::map<layer_id, std::vector<std::set<group_id>>>>
writers_of(const network& net, const group_graph& graph, const group& reader) {
  auto is_stream = net.layers[reader.layer].kind == layer_kind::stream;
  auto columns =
      is_stream ? reader.neurons.size() : net.layers[reader.layer].row_width;
  std::map<layer_id, std::vector<std::set<group_id>>> out;
  for (const auto& x : reader.upstream) {
    const auto& from = graph.groups[x.group];
    if (from.kind == group_kind::target)
      continue;
    auto& seen = out[from.layer];
    seen.resize(columns);
    for (const auto& span : x.spans)
      for (uint64_t i = 0; i < span.count; ++i) {
        auto read =
            is_stream ? coordinate_of(net, reader, span.to + i) : span.to + i;
        if (coordinate_of(net, from, span.from + i) != read
            || !seen[span.to + i].insert(from.id).second)
          return std::nullopt;
      }
  }
  return out;
}

uint64_t groups_of(const group_graph& graph, layer_id layer) {
  return static_cast<uint64_t>(
      std::ranges::count(graph.groups, layer, &group::layer));
}

} // namespace

TEST_CASE("a part becomes one group a layer, wired in column order") {
  auto net = small_language_model(); // embed 0-2, first 3-9, second 10-13, out
  partition parts{
      {neuron_set{{{0, 2}, {3, 5}, {14, 19}}}, neuron_set{{{2, 3}, {5, 14}}}}};
  auto graph = make_group_graph(net, parts);
  // 0 input, 1 target, 2+3 embed, 4+5 first, 6 second (part 1), 7 out (part 0)
  REQUIRE(graph.groups.size() == 9);
  CHECK(graph.loss_group() == 8);
  CHECK(graph.groups[2].width == 8);
  CHECK(graph.groups[6].part == 1);
  CHECK(ends_of(graph.groups[4].upstream) == group_ids{2, 3});
  CHECK(ends_of(graph.groups[7].upstream) == group_ids{4, 5, 6});
  CHECK(ends_of(graph.groups[5].downstream) == group_ids{6, 7});
  CHECK(ends_of(graph.groups[0].downstream) == group_ids{2, 3});
  CHECK(graph.groups[0].upstream.empty());
  CHECK(ends_of(graph.groups[1].downstream) == group_ids{8});
  CHECK(graph.groups[1].width == 1);
  CHECK(ends_of(graph.groups[8].upstream) == group_ids{7, 1});
  CHECK(ends_of(graph.groups[8].downstream) == group_ids{0});
  CHECK(graph.groups[8].width == 5);
}

TEST_CASE("a vocabulary reads the labels and tells the loss a summary") {
  auto net = small_gpt({.tied = true});
  auto output = net.output().first;
  auto graph = make_group_graph(
      net, {{neuron_set::range(0, output + 4),
             neuron_set::range(output + 4, net.neuron_count())}});
  auto loss = graph.loss_group();
  auto& labels = graph.groups[group_graph::target_group];
  CHECK(ends_of(labels.downstream) == group_ids{loss - 2, loss - 1, loss});
  CHECK(ends_of(graph.groups[loss].upstream)
        == group_ids{loss - 2, loss - 1, group_graph::target_group});
  for (auto id : {loss - 2, loss - 1}) {
    auto& x = graph.groups[id];
    CHECK(x.upstream.back().group == group_graph::target_group);
    REQUIRE(x.downstream.size() == 1);
    CHECK(x.downstream[0].summarised);
    CHECK(x.downstream[0].columns == x.width);
    CHECK(x.downstream[0].told_columns() == 4);
    CHECK(x.downstream[0].asked_columns() == 2);
    // The tied table has a group without neurons in either part.
    REQUIRE(x.twin);
    auto& table = graph.groups[*x.twin];
    CHECK(net.layers[table.layer].tied);
    CHECK(table.twin == id);
    CHECK(table.part == x.part);
    CHECK(table.neurons.empty());
  }
  CHECK_FALSE(graph.groups[loss].upstream.back().summarised);
}

TEST_CASE("the loss joins the part that holds most of the output") {
  auto net = small_regression(); // out is 12-14
  partition parts{{neuron_set{{{0, 12}, {14, 15}}}, neuron_set::range(12, 14)}};
  auto graph = make_group_graph(net, parts);
  CHECK(graph.groups[graph.loss_group()].part == 1);
  CHECK(graph.groups[group_graph::target_group].width == 3);
}

TEST_CASE("parts go round the nodes, groups round the devices") {
  auto net = small_regression();
  auto parts = must(distribute(
      net, {.per_layer = true, .parts = 3, .shares = {}, .where = {}}));
  auto graph = make_group_graph(net, parts);
  auto where = place(graph, 2, 2);
  CHECK(where.driver() == 2);
  CHECK(where.seats[0] == placement::seat{2, 0});
  CHECK(where.seats[1] == placement::seat{2, 0});
  // hidden: groups 2, 3, 4 of parts 0, 1, 2
  CHECK(where.seats[2] == placement::seat{0, 0});
  CHECK(where.seats[3] == placement::seat{1, 0});
  CHECK(where.seats[4] == placement::seat{0, 1});
}

TEST_CASE("every neuron is in exactly one group, every edge known at both "
          "ends") {
  CHECK(rc::check("groups of random networks and partitions", [] {
    auto net = any_network();
    auto graph = make_group_graph(net, any_partition(net));
    neuron_set all;
    uint64_t sum = 0;
    for (const auto& x : graph.groups) {
      all = unite(all, x.neurons);
      sum += x.neurons.size();
      RC_ASSERT(std::ranges::is_sorted(x.downstream, {}, &edge::group));
      RC_ASSERT(x.kind == group_kind::neurons || x.neurons.empty());
      uint64_t columns = 0;
      for (const auto& to : x.upstream) {
        const auto& from = graph.groups[to.group];
        RC_ASSERT(std::ranges::count(from.downstream,
                                     edge{x.id, to.delay, from.width})
                  == 1);
        RC_ASSERT(to.columns == from.width);
        columns += from.kind == group_kind::target ? 0 : to.columns;
      }
      if (net.layers[x.layer].kind == layer_kind::dense)
        RC_ASSERT(columns == net.layers[x.layer].row_width);
      for (auto id : ends_of(x.downstream))
        RC_ASSERT(
            id == group_graph::input_group
            || std::ranges::count(ends_of(graph.groups[id].upstream), x.id)
                   == 1);
    }
    RC_ASSERT(all == neuron_set::range(0, net.neuron_count()));
    RC_ASSERT(sum == net.neuron_count());
  }));
}

TEST_CASE("coordinates of a stream get every summand once, readers get all of "
          "it") {
  CHECK(rc::check("groups of random transformers and partitions", [] {
    auto net = any_transformer();
    auto graph = make_group_graph(net, any_partition(net));
    RC_ASSERT(graph.context == net.context);
    for (const auto& x : graph.groups) {
      const auto& of = net.layers[x.layer];
      if (of.kind != layer_kind::stream && !reads_norm(of.kind))
        continue;
      auto writers = writers_of(net, graph, x);
      RC_ASSERT(writers.has_value());
      for (auto input : of.inputs) {
        // A coordinate has one group, a summand is of each.
        auto each =
            is_coordinate(net.layers[input].kind) ? 1 : groups_of(graph, input);
        RC_ASSERT(writers->contains(input));
        for (const auto& from : writers->at(input))
          RC_ASSERT(from.size() == each);
      }
      RC_ASSERT(writers->size() == of.inputs.size());
    }
  }));
}

TEST_CASE("both ends of an edge of a transformer agree on what crosses it") {
  CHECK(rc::check("groups of random transformers and partitions", [] {
    auto net = any_transformer();
    auto graph = make_group_graph(net, any_partition(net));
    for (const auto& x : graph.groups) {
      const auto& of = net.layers[x.layer];
      auto by_spans = of.kind == layer_kind::stream || reads_norm(of.kind);
      auto width =
          of.kind == layer_kind::stream ? x.neurons.size() : of.row_width;
      RC_ASSERT(std::ranges::is_sorted(x.downstream, {}, &edge::group));
      for (const auto& to : x.upstream) {
        const auto& from = graph.groups[to.group];
        auto other = to;
        other.group = x.id;
        RC_ASSERT(std::ranges::count(from.downstream, other) == 1);
        RC_ASSERT(std::ranges::count(ends_of(x.upstream), from.id) == 1);
        if (by_spans && from.kind != group_kind::target)
          RC_ASSERT(are_sound(to, from.width, width));
        else
          RC_ASSERT(to.spans.empty() && !to.cut && to.columns == from.width);
      }
      for (const auto& to : x.downstream)
        if (to.group != group_graph::input_group)
          RC_ASSERT(
              std::ranges::count(ends_of(graph.groups[to.group].upstream), x.id)
              == 1);
    }
  }));
}

TEST_CASE("a stream in two parts is cut, one in a single part is not") {
  auto net = small_gpt(1, 6, 2, 3, 5);
  auto whole =
      make_group_graph(net, {{neuron_set::range(0, net.neuron_count())}});
  for (const auto& x : whole.groups)
    for (const auto& to : x.downstream)
      CHECK_FALSE(to.cut);
  auto id = must(net.find("stream1"));
  const auto& stream = net.layers[id];
  // Coordinates 0, 2 and 3 on one side, 1, 4 and 5 on the other.
  auto other = neuron_set{{{stream.first + 1, stream.first + 2},
                           {stream.first + 4, stream.first + 6}}};
  auto rest = subtract(neuron_set::range(0, net.neuron_count()), other);
  auto graph = make_group_graph(net, {{rest, other}});
  auto left = *std::ranges::find(graph.groups, id, &group::layer);
  CHECK(left.width == 3);
  for (const auto& x : left.upstream) {
    CHECK(x.cut);
    CHECK(x.columns == 3);
    CHECK(x.spans == std::vector<column_span>{{0, 0, 1}, {2, 1, 2}});
  }
  for (const auto& x : left.downstream) {
    CHECK_FALSE(x.cut);
    CHECK(x.spans == std::vector<column_span>{{0, 0, 1}, {1, 2, 2}});
  }
}
