#include "support/networks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr auto dense = layer_kind::dense;
constexpr auto embedding = layer_kind::embedding;

constexpr data_shape images{784, 0, 10};
constexpr data_shape text{16, 90, 90};

/// Builds from the lines of exp.toml and returns what a user would read.
std::string complaint(std::vector<layer_description> layers, data_shape data) {
  network_description what;
  what.layers = std::move(layers);
  what.where = {"exp.toml", 1, 1};
  auto net = build_network(what, data);
  if (!net)
    CHECK(code_of(net.error()) == ec::invalid_network);
  return sentence(net);
}

} // namespace

TEST_CASE("a perceptron gets its ids and shapes") {
  network_description what;
  what.layers = {line(1, "a", dense, 256), line(2, "b", dense, 128),
                 line(3, "c", dense, 0)};
  auto net = must(build_network(what, images));
  REQUIRE(net.layers.size() == 5);
  CHECK(net.layers[0].width == 784);
  CHECK(net.layers[1].row_width == 784);
  CHECK(net.layers[2].first == 256);
  CHECK(net.layers[2].row_width == 256);
  CHECK(net.layers[3].units == 10);
  CHECK(net.layers[3].neurons() == neuron_set::range(384, 394));
  CHECK(net.output().name == "c");
  CHECK(net.loss().width == 10);
  CHECK(net.neuron_count() == 394);
  CHECK(net.parameter_count() == 785 * 256 + 257 * 128 + 129 * 10);
}

TEST_CASE("an embedding looks tokens up, a dense layer reads its values") {
  auto net = small_language_model();
  const auto& embed = net.layers[1];
  CHECK(embed.units == 3);
  CHECK(embed.positions == 4);
  CHECK(embed.width == 12);
  CHECK(embed.row_width == 5);
  CHECK_FALSE(embed.bias);
  CHECK(net.layers[2].row_width == 12);
  CHECK(net.layers[4].row_width == 7 + 4);
  CHECK(net.layers[4].inputs == std::vector<layer_id>{2, 3});
}

TEST_CASE("ids lead to layers and names to ids") {
  auto net = small_language_model();
  CHECK(net.layer_of(0) == 1);
  CHECK(net.layer_of(2) == 1);
  CHECK(net.layer_of(3) == 2);
  CHECK(net.layer_of(net.neuron_count() - 1) == 4);
  CHECK(must(net.find("second")) == 3);
  CHECK(sentence(net.find("secnd"))
        == "there is no layer 'secnd'; did you mean 'second'?");
}

TEST_CASE("a producer's value has one column in a consumer's row") {
  auto net = small_language_model();
  // first reads embed: 3 neurons of 4 positions each
  CHECK(column_of(net, 2, 0, 0) == std::optional<uint64_t>{0});
  CHECK(column_of(net, 2, 2, 3) == std::optional<uint64_t>{11});
  // out reads first (7 values), then second
  CHECK(column_of(net, 4, 3 + 6, 0) == std::optional<uint64_t>{6});
  CHECK(column_of(net, 4, 3 + 7, 0) == std::optional<uint64_t>{7});
  CHECK_FALSE(column_of(net, 4, 0, 0));
  CHECK(column_offset(net, 4, 3) == std::optional<uint64_t>{7});
}

TEST_CASE("every column of a row belongs to one value of the inputs") {
  CHECK(rc::check("columns are a bijection", [] {
    auto net = any_network();
    for (layer_id id = 1; id + 1 < net.layers.size(); ++id) {
      const auto& reader = net.layers[id];
      if (reader.kind != dense || reader.inputs.front() == 0)
        continue;
      std::vector<bool> hit(reader.row_width);
      for (auto input : reader.inputs) {
        const auto& from = net.layers[input];
        for (auto u = from.first; u < from.first + from.units; ++u)
          for (uint64_t p = 0; p < from.positions; ++p) {
            auto column = column_of(net, id, u, p);
            RC_ASSERT(column.has_value());
            RC_ASSERT(*column < reader.row_width);
            RC_ASSERT(!hit[*column]);
            hit[*column] = true;
          }
      }
      RC_ASSERT(std::ranges::count(hit, false) == 0);
    }
  }));
}

TEST_CASE("names of kinds and activations can be read back") {
  for (const auto& name : layer_kind_names())
    CHECK(to_string(*layer_kind_from(name)) == name);
  for (const auto& name : activation_names())
    CHECK(to_string(*activation_from(name)) == name);
  CHECK_FALSE(layer_kind_from("convolution"));
  CHECK(std::string{to_string(static_cast<activation>(77))} == "unknown");
}

TEST_CASE("layers that need each other at once are named") {
  CHECK(complaint({line(3, "a", dense, 8, {"a"})}, images)
        == "exp.toml:3:1: layer 'a': it needs itself at once: 'a' reads 'a'; "
           "give one of these connections a delay, for example delay = { a = 1 "
           "} in layer 'a'");
  auto circle = std::vector{
      line(3, "a", dense, 8, {"input", "c"}), line(4, "b", dense, 8, {"a"}),
      line(5, "c", dense, 8, {"b"}), line(6, "out", dense, 0, {"c"})};
  CHECK(complaint(circle, images)
        == "exp.toml:3:1: layer 'a': it needs itself at once: 'a' reads 'c' "
           "reads 'b' reads 'a'; give one of these connections a delay, for "
           "example delay = { c = 1 } in layer 'a'");
}

/// Images seen row by row.
constexpr data_shape rows_of_images{28, 0, 10, 28};

TEST_CASE("a delay makes a circle legal") {
  network_description what;
  what.layers = {line(3, "a", dense, 8, {"input", "c"}),
                 line(4, "b", dense, 7, {"a", "b"}),
                 line(5, "c", dense, 6, {"b"}), line(6, "out", dense, 0)};
  what.layers[0].delays = {{"c", 2}};
  what.layers[1].delays = {{"b", 1}};
  auto net = must(build_network(what, rows_of_images));
  CHECK(net.time_steps == 28);
  CHECK(net.layers[1].inputs == std::vector<layer_id>{0, 3});
  CHECK(net.layers[1].delays == std::vector<uint32_t>{0, 2});
  CHECK(net.layers[1].row_width == 28 + 6);
  CHECK(net.layers[2].row_width == 8 + 7);
  CHECK(net.layers[3].delays.empty());
}

TEST_CASE("layers may be written in any order") {
  network_description what;
  what.layers = {line(3, "late", dense, 8, {"early"}),
                 line(4, "early", dense, 7, {"input"}),
                 line(5, "out", dense, 0, {"late"})};
  auto net = must(build_network(what, images));
  CHECK(net.layers[1].name == "early");
  CHECK(net.layers[2].name == "late");
  CHECK(net.layers[2].inputs == std::vector<layer_id>{1});
  CHECK(net.output().name == "out");
}

TEST_CASE("delays that do not hold are named") {
  auto a = line(3, "a", dense, 8, {"input", "a"});
  auto out = line(4, "out", dense, 0, {"a"});
  auto complaint_about = [&](auto delays, const data_shape& data) {
    a.delays = delays;
    return complaint({a, out}, data);
  };
  using delays = std::vector<std::pair<std::string, uint32_t>>;
  CHECK(complaint_about(delays{{"a", 1}}, images)
        == "exp.toml:3:1: layer 'a': it reads 'a' with a delay of 1, but an "
           "example has only 1 time step; see data.time_steps");
  CHECK(complaint_about(delays{{"a", 28}}, rows_of_images)
        == "exp.toml:3:1: layer 'a': it reads 'a' with a delay of 28, but an "
           "example has only 28 time steps; see data.time_steps");
  CHECK(complaint_about(delays{{"a", 1}, {"b", 1}}, rows_of_images)
        == "exp.toml:3:1: layer 'a': it has a delay for 'b', which it does not "
           "read; did you mean 'a'?");
  CHECK(complaint_about(delays{{"a", 1}, {"input", 1}}, rows_of_images)
        == "exp.toml:3:1: layer 'a': all that it reads is delayed; it must "
           "also read something of the same time step, if only 'input'");
}

TEST_CASE("references that do not hold are named with their place") {
  CHECK(complaint(
            {line(3, "hidden", dense, 8), line(12, "out", dense, 0, {"hiden"})},
            images)
        == "exp.toml:12:1: layer 'out': there is no layer 'hiden' to read; "
           "did you mean 'hidden'?");
  CHECK(complaint({line(3, "a", dense, 8, {"input", "input"})}, images)
        == "exp.toml:3:1: layer 'a': it reads layer 'input' twice");
  CHECK(complaint({line(3, "a", dense, 8), line(4, "a", dense, 0)}, images)
        == "exp.toml:4:1: layer 'a': exp.toml:3:1 has a layer of the same "
           "name");
  CHECK(complaint({line(3, "loss", dense, 8)}, images)
        == "exp.toml:3:1: layer 'loss': this name is reserved; choose another");
  CHECK(complaint({line(3, "", dense, 8)}, images)
        == "exp.toml:3:1: layer '': a layer needs a name");
}

TEST_CASE("layers that do not fit the data are refused") {
  CHECK(complaint({line(2, "a", dense, 8), line(3, "out", dense, 0)}, text)
        == "exp.toml:2:1: layer 'a': a dense layer cannot read tokens; put an "
           "embedding between 'input' and it");
  CHECK(
      complaint({line(2, "a", embedding, 8), line(3, "out", dense, 0)}, images)
      == "exp.toml:2:1: layer 'a': an embedding needs tokens, but the data "
         "has 784 real values an example; use a dense layer");
  CHECK(complaint({line(2, "a", embedding, 8), line(3, "b", embedding, 8),
                   line(4, "out", dense, 0)},
                  text)
        == "exp.toml:3:1: layer 'b': an embedding must read the layer 'input' "
           "and no other");
  CHECK(complaint({line(2, "a", embedding, 8), line(3, "out", dense, 7)}, text)
        == "exp.toml:3:1: layer 'out': the output has 7 units, but the data "
           "has 90 classes");
  CHECK(complaint({line(2, "a", embedding, 0), line(3, "out", dense, 0)}, text)
        == "exp.toml:2:1: layer 'a': it has no units");
  CHECK(complaint({line(2, "a", embedding, 9)}, text)
        == "exp.toml:1:1: loss: it must read a dense or sparse layer or a "
           "vocabulary, but 'a' is of kind 'embedding'");
  auto active = line(2, "a", embedding, 8);
  active.act = activation::relu;
  CHECK(complaint({active, line(3, "out", dense, 0)}, text)
        == "exp.toml:2:1: layer 'a': an embedding has no activation, found "
           "'relu'");
  CHECK(complaint({}, images) == "exp.toml:1:1: the network has no layer");
  CHECK(complaint({line(2, "a", layer_kind::mean_squared_error, 8)}, images)
        == "exp.toml:2:1: layer 'a': a layer of kind 'mean_squared_error' "
           "cannot stand here");
}

TEST_CASE("there is exactly one output") {
  CHECK(complaint(
            {line(2, "side", dense, 8), line(3, "out", dense, 0, {"input"})},
            images)
        == "exp.toml:2:1: layer 'side': no other layer reads it, and only "
           "'out' can "
           "be the output");
}

/// So many layers in a row, of one unit each, and an output.
std::vector<layer_description> row_of_layers(uint32_t count) {
  std::vector<layer_description> out;
  for (uint32_t i = 0; i < count; ++i)
    out.push_back(line(2, fmt::format("layer{}", i), dense, 1));
  out.push_back(line(3, "out", dense, 0));
  return out;
}

TEST_CASE("names of many layers are found at once") {
  // With input, output and loss, as many as there can be. This would take
  // minutes if each name were looked for among all.
  CHECK(complaint(row_of_layers(65533), images).empty());
  CHECK(complaint(row_of_layers(65534), images)
        == "exp.toml:1:1: the network has 65537 layers, more than 65536; give "
           "it fewer, or a transformer fewer blocks");
}

TEST_CASE("sizes that overflow are refused") {
  auto huge = uint64_t{1} << 41;
  CHECK(complaint({line(2, "a", dense, huge), line(3, "out", dense, 0)}, images)
            .starts_with("exp.toml:2:1: layer 'a': 2199023255552 units are too "
                         "many"));
  CHECK(complaint({line(2, "a", dense, UINT64_MAX), line(3, "out", dense, 0)},
                  images)
            .starts_with("exp.toml:2:1: layer 'a': "));
  CHECK(complaint({line(2, "a", dense, 1), line(3, "b", dense, huge / 2),
                   line(4, "out", dense, 0)},
                  images)
        == "exp.toml:3:1: layer 'b': 1099511627776 units and the 1 of the "
           "layers before are more than the 1099511627776 that a network has "
           "at most");
  auto wide = uint64_t{1} << 39;
  CHECK(complaint({line(2, "a", dense, wide / 2), line(3, "b", dense, wide),
                   line(4, "out", dense, 0)},
                  images)
            .starts_with("exp.toml:3:1: layer 'b': 549755813888 units with "
                         "274877906945 parameters"));
  CHECK(
      complaint({line(2, "a", embedding, wide), line(3, "out", dense, 0)}, text)
          .starts_with("exp.toml:2:1: layer 'a': 549755813888 units with 16 "
                       "values"));
}
