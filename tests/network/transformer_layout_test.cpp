#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr auto not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr auto infinity = std::numeric_limits<double>::infinity();

/// A transformer as a user writes it, every layer on a line of its own.
struct written {
  std::vector<layer_description> layers;
  data_shape data{
      .input_width = 1, .tokens = 11, .output_width = 11, .context = 6};

  layer_kind loss = layer_kind::softmax_cross_entropy;

  layer_description& operator[](const std::string& name) {
    return *std::ranges::find(layers, name, &layer_description::name);
  }

  result<network> build() const {
    return build_network({layers, loss, {"exp.toml", 1, 1}}, data);
  }
};

/// The layer of that name.
const layer& named(const network& net, const std::string& name) {
  return net.layers[must(net.find(name))];
}

/// One block: tables of tokens and of positions, attention, mlp, vocabulary.
written one_block() {
  written out;
  out.layers = {
      line(1, "tokens", layer_kind::table, 11, {"input"}),
      line(2, "positions", layer_kind::table, 8, {"input"}),
      line(3, "before", layer_kind::stream, 12, {"tokens", "positions"}),
      line(4, "heads", layer_kind::attention, 3, {"before"}),
      line(5, "middle", layer_kind::stream, 12, {"before", "heads"}),
      line(6, "units", layer_kind::mlp, 20, {"middle"}),
      line(7, "after", layer_kind::stream, 12, {"middle", "units"}),
      line(8, "out", layer_kind::vocabulary, 0, {"after"})};
  out["tokens"].width = out["positions"].width = 12;
  out["positions"].by_position = true;
  out["heads"].attention.head_size = 4;
  out["units"].act = activation::gelu;
  for (const auto* name : {"before", "middle", "after"})
    out[name].norm = {norm_kind::layer, 1e-5};
  return out;
}

/// Its second stream takes the first one normalised.
void make_post_norm(written& what) {
  what.layers.insert(what.layers.begin() + 4,
                     line(9, "carry", layer_kind::norm, 12, {"before"}));
  what["middle"].inputs = {"carry", "heads"};
}

/// Its tokens have the rows of the vocabulary.
void tie(written& what) {
  what["tokens"].tied = true;
  what["tokens"].units = 0;
}

/// What a user reads after a change.
template <class Change>
std::string complaint(Change change) {
  auto what = one_block();
  change(what);
  auto net = what.build();
  if (!net)
    CHECK(code_of(net.error()) == ec::invalid_network);
  return sentence(net);
}

/// The same after a change of one layer.
template <class Change>
std::string complaint_of(const std::string& name, Change change) {
  return complaint([&](written& what) { change(what[name]); });
}

std::vector<std::string> names_of(const layer& x) {
  std::vector<std::string> out;
  for (const auto& p : x.parameter_rows())
    out.push_back(p.name);
  return out;
}

} // namespace

TEST_CASE("a transformer gets its ids and shapes") {
  auto what = one_block();
  what["after"].bias = true;
  what["heads"].bias = true;
  what["heads"].attention.queries = 2;
  what["units"].gated = true;
  auto net = must(what.build());
  CHECK(net.context == 6);
  CHECK(net.answers() == 6);
  const auto& tokens = net.layers[1];
  CHECK(tokens.width == 12);
  CHECK(tokens.row_width == 12);
  CHECK(tokens.parameters() == 11 * 12);
  const auto& before = net.layers[3];
  CHECK(before.width == 12);
  CHECK(before.norm_rows() == 2);
  CHECK(names_of(before) == std::vector<std::string>{"gain", "shift"});
  const auto& heads = net.layers[4];
  CHECK(heads.width == 12);
  CHECK(heads.row_width == 12);
  CHECK(heads.parameters_per_neuron()
        == (2 * 4 + 4 + 4 + 2 * 4) * 12 + 2 * 4 + 4 + 4);
  const auto& units = net.layers[6];
  CHECK(units.width == 12);
  CHECK(units.parameters_per_neuron() == 3 * 12);
  CHECK(names_of(net.layers[7])
        == std::vector<std::string>{"gain", "shift", "bias"});
  CHECK(net.output().units == 11);
  CHECK_FALSE(net.output().bias);
  CHECK(net.neuron_count() == 11 + 8 + 12 + 3 + 12 + 20 + 12 + 11);
}

TEST_CASE("a stream without norm and bias has no parameters") {
  auto what = one_block();
  what["middle"].norm = {};
  auto net = must(what.build());
  CHECK(net.layers[5].parameter_rows().empty());
  CHECK(net.layers[5].norm_rows() == 0);
  CHECK(net.layers[5].parameters() == 0);
}

TEST_CASE("a table of positions has as many as an example, if not told") {
  auto what = one_block();
  what["positions"].units = 0;
  CHECK(must(what.build()).layers[2].units == 6);
  what["tokens"].units = 0;
  CHECK(must(what.build()).layers[1].units == 11);
}

TEST_CASE("heads that there cannot be are named") {
  auto complaint_about = [](auto change) {
    return complaint_of("heads", [&](auto& x) { change(x.attention); });
  };
  auto starts = std::string{"exp.toml:4:1: layer 'heads': "};
  CHECK(complaint_about([](auto& x) { x.head_size = 0; })
        == starts + "attention needs the size of a head");
  CHECK(complaint_about([](auto& x) { x.head_size = UINT64_MAX; })
        == starts + "attention needs the size of a head");
  CHECK(complaint_about([](auto& x) { x.queries = 0; })
        == starts
               + "0 query heads of 4 values each for a key head are not "
                 "possible");
  CHECK(complaint_about([](auto& x) { x.queries = UINT64_MAX; })
        == starts
               + "18446744073709551615 query heads of 4 values each for a key "
                 "head are not possible");
  CHECK_FALSE(complaint_about([](auto& x) {
                x.head_size = uint64_t{1} << 30;
                x.queries = uint64_t{1} << 30;
              }).empty());
  CHECK_FALSE(complaint_about([](auto& x) {
                x.head_size = uint64_t{1} << 40;
                x.queries = uint64_t{1} << 12;
              }).empty());
  CHECK(complaint_about([](auto& x) { x.head_norm = norm_kind::layer; })
        == starts + "the norm of a head is rms or none");
  CHECK(complaint_about([](auto& x) {
          x.head_size = 3;
          x.rotary_base = 10000;
        })
        == starts + "rotary positions turn pairs of values, but a head has 3");
  for (auto base : {1.0, -2.0, not_a_number, infinity})
    CHECK(complaint_about([&](auto& x) { x.rotary_base = base; })
          == starts
                 + fmt::format("the base of rotary positions is above 1, "
                               "found {}",
                               base));
  for (auto scale : {0.0, -1.0, not_a_number, infinity})
    CHECK(complaint_about([&](auto& x) { x.rotary_scale = scale; })
          == starts
                 + fmt::format("the scale of rotary positions is above 0, "
                               "found {}",
                               scale));
  CHECK(complaint_about([](auto& x) { x.head_size = 3; }).empty());
}

TEST_CASE("norms and dropout that make no sense are named") {
  auto starts = std::string{"exp.toml:5:1: layer 'middle': "};
  for (auto epsilon : {0.0, -1e-5, 1.0, not_a_number, infinity})
    CHECK(complaint_of("middle", [&](auto& x) { x.norm.epsilon = epsilon; })
          == starts
                 + fmt::format("the epsilon of a norm is between 0 and 1, "
                               "found {}",
                               epsilon));
  for (auto dropout : {1.0, -0.1, 2.0, not_a_number, infinity})
    CHECK(complaint_of("middle", [&](auto& x) { x.dropout = dropout; })
          == starts
                 + fmt::format("dropout is at least 0 and below 1, found {}",
                               dropout));
  CHECK(complaint_of("middle", [](auto& x) { x.dropout = 0.1; }).empty());
  for (const auto* name : {"tokens", "heads", "units", "out"}) {
    CHECK(complaint_of(name, [](auto& x) { x.norm.kind = norm_kind::rms; })
              .ends_with(fmt::format("layer '{}': only a stream has a norm and "
                                     "dropout",
                                     name)));
    CHECK(complaint_of(name, [](auto& x) {
            x.dropout = 0.1;
          }).ends_with("only a stream has a norm and dropout"));
    CHECK(complaint_of(name, [](auto& x) {
            x.norm.epsilon = not_a_number;
          }).ends_with("only a stream has a norm and dropout"));
  }
}

TEST_CASE("tables that do not fit the data are named") {
  CHECK(complaint([](auto& x) { x.data.context = 9; })
        == "exp.toml:2:1: layer 'positions': it has 8 positions, but an "
           "example has 9");
  CHECK(complaint_of("tokens", [](auto& x) { x.units = 12; })
        == "exp.toml:1:1: layer 'tokens': it has 12 units, but the data has 11 "
           "tokens");
  CHECK(complaint_of("tokens", [](auto& x) { x.width = 0; })
        == "exp.toml:1:1: layer 'tokens': a table needs a width, that of the "
           "stream it is for");
  CHECK(complaint_of("tokens", [](auto& x) {
          x.width = UINT64_MAX;
        }).starts_with("exp.toml:1:1: layer 'tokens': "));
  CHECK(complaint_of("tokens", [](auto& x) { x.width = 13; })
        == "exp.toml:3:1: layer 'before': it has 12 coordinates, but 'tokens' "
           "gives 13 values");
  CHECK(complaint_of("positions", [](auto& x) { x.inputs = {"tokens"}; })
        == "exp.toml:2:1: layer 'positions': a table must read the layer "
           "'input' and no other");
  CHECK(complaint([](auto& x) { x.data.tokens = 0; })
        == "exp.toml:1:1: layer 'tokens': a table needs sequences of tokens, "
           "but the data has 1 real values an example");
  CHECK(complaint([](auto& x) { x.data.input_width = 4; })
        == "exp.toml:1:1: layer 'tokens': a table needs sequences of tokens, "
           "but the data has 4 tokens an example");
}

TEST_CASE("layers that cannot read each other are named") {
  auto embedded = [](written& x) {
    x.layers.insert(x.layers.begin(),
                    line(9, "embed", layer_kind::embedding, 12, {"input"}));
  };
  CHECK(complaint([&](auto& x) {
          embedded(x);
          x["before"].inputs.push_back("embed");
        })
        == "exp.toml:3:1: layer 'before': a stream cannot read 'embed' of kind "
           "'embedding', only streams, norms, tables, attention and mlp");
  CHECK(complaint([&](auto& x) {
          embedded(x);
          x.layers.push_back(
              line(10, "wide", layer_kind::dense, 12, {"embed"}));
          x["before"].inputs.push_back("wide");
          std::swap(x.layers.back(), x.layers[x.layers.size() - 2]);
        })
        == "exp.toml:3:1: layer 'before': a stream cannot read 'wide' of kind "
           "'dense', only streams, norms, tables, attention and mlp");
  for (auto kind : {layer_kind::dense, layer_kind::sparse}) {
    CHECK(complaint_of("out", [&](auto& x) { x.kind = kind; })
          == fmt::format("exp.toml:8:1: layer 'out': a {} layer cannot read "
                         "'after' of kind 'stream'",
                         to_string(kind)));
    CHECK(complaint_of("out",
                       [&](auto& x) {
                         x.kind = kind;
                         x.inputs = {"units"};
                       })
          == fmt::format("exp.toml:8:1: layer 'out': a {} layer cannot read "
                         "'units' of kind 'mlp'",
                         to_string(kind)));
  }
  for (const auto* name : {"heads", "units", "out"}) {
    auto kind = to_string(one_block()[name].kind);
    auto ends = fmt::format("layer '{}': a layer of kind '{}' reads one stream "
                            "and nothing else",
                            name, kind);
    CHECK(complaint_of(name, [](auto& x) {
            x.inputs = {"input"};
          }).ends_with(ends));
    CHECK(complaint_of(name, [](auto& x) {
            x.inputs = {"tokens"};
          }).ends_with(ends));
    CHECK(complaint_of(name, [](auto& x) {
            x.inputs.push_back("input");
          }).ends_with(ends));
  }
  CHECK(complaint_of("middle", [](auto& x) { x.units = 13; })
        == "exp.toml:5:1: layer 'middle': it has 13 coordinates, but 'before' "
           "gives 12 values");
  CHECK(complaint([](auto& x) { x.layers.pop_back(); })
        == "exp.toml:1:1: loss: it must read a dense or sparse layer or a "
           "vocabulary, but 'after' is of kind 'stream'");
}

TEST_CASE("a transformer has no delays, cycles or time steps") {
  CHECK(complaint_of("before",
                     [](auto& x) {
                       x.inputs = {"tokens", "units"};
                     })
        == "exp.toml:3:1: layer 'before': it needs itself at once: 'before' "
           "reads 'units' reads 'middle' reads 'before'; a transformer cannot "
           "be inside a cycle");
  auto back = [](written& x) {
    x["before"].inputs.push_back("units");
    x["before"].delays = {{"units", 1}};
  };
  CHECK(complaint(back)
        == "exp.toml:3:1: layer 'before': it reads 'units' with a delay of 1, "
           "but an example has only 1 time step; see data.time_steps");
  CHECK(complaint([&](auto& x) {
          back(x);
          x.data.time_steps = 3;
        })
        == "exp.toml:1:1: input: an example has several positions or several "
           "time steps, not both");
  CHECK(complaint([&](auto& x) {
          x.data.time_steps = 3;
          x.data.context = 1;
        })
        == "exp.toml:1:1: layer 'tokens': a layer of kind 'table' reads "
           "sequences, not time steps; see data.time_steps");
  // A dense layer that remembers what comes after it.
  CHECK(complaint([&](auto& x) {
          x.data.time_steps = 3;
          x.data.context = 1;
          x.layers.insert(
              x.layers.begin(),
              line(9, "embed", layer_kind::embedding, 2, {"input"}));
          x.layers.insert(
              x.layers.begin() + 1,
              line(10, "memory", layer_kind::dense, 3, {"embed", "after"}));
          x.layers[1].delays = {{"after", 1}};
        })
        == "exp.toml:10:1: layer 'memory': a dense layer cannot read 'after' "
           "of kind 'stream'");
}

TEST_CASE("activations that do not fit the kind are named") {
  for (const auto* name : {"tokens", "before", "heads", "out"})
    CHECK(complaint_of(name, [](auto& x) { x.act = activation::relu; })
              .ends_with(fmt::format(
                  "layer '{}': a layer of kind '{}' has no activation, found "
                  "'relu'",
                  name, to_string(one_block()[name].kind))));
  for (auto act : {activation::none, activation::tanh, activation::sigmoid}) {
    CHECK(complaint_of("units", [&](auto& x) { x.act = act; })
          == fmt::format("exp.toml:6:1: layer 'units': an mlp without gates "
                         "has the activation relu, gelu or silu, found '{}'",
                         to_string(act)));
    CHECK(complaint_of("units",
                       [&](auto& x) {
                         x.act = act;
                         x.gated = true;
                       })
          == fmt::format("exp.toml:6:1: layer 'units': an mlp with gates has "
                         "the activation silu or gelu, found '{}'",
                         to_string(act)));
  }
}

TEST_CASE("sequences that overflow are refused") {
  CHECK(complaint([](auto& x) { x.data.context = 0; })
        == "exp.toml:1:1: input: an example has 1 to 65536 positions, found 0");
  // More rows than a micro-batch has at most.
  CHECK(complaint([](auto& x) { x.data.context = 65537; })
        == "exp.toml:1:1: input: an example has 1 to 65536 positions, found "
           "65537");
  CHECK(complaint_of("heads", [](auto& x) { x.units = uint64_t{1} << 41; })
        == "exp.toml:4:1: layer 'heads': 2199023255552 units are too many: a "
           "network has at most 1099511627776 neurons");
  auto wide = uint64_t{1} << 37;
  // Streams so wide that what reads them has more parameters than there can be.
  CHECK_FALSE(complaint([&](auto& x) {
                for (const auto* name : {"before", "middle", "after"})
                  x[name].units = wide;
                x["tokens"].width = x["positions"].width = wide;
                x["units"].units = wide;
              }).empty());
}

TEST_CASE("a norm gives the coordinates of the stream that it reads") {
  auto what = one_block();
  make_post_norm(what);
  auto net = must(what.build());
  const auto& carry = named(net, "carry");
  CHECK(carry.units == 12);
  CHECK(carry.width == 12);
  CHECK(carry.row_width == 12);
  CHECK(carry.positions == 1);
  // Gain and shift are those of the stream.
  CHECK(carry.parameter_rows().empty());
  CHECK(carry.parameters() == 0);
  CHECK(carry.norm_rows() == 0);
  CHECK(named(net, "middle").first == carry.first + 12);
  auto plain = must(one_block().build());
  CHECK(net.neuron_count() == plain.neuron_count() + 12);
  CHECK(net.parameter_count() == plain.parameter_count());
}

TEST_CASE("norms that there cannot be are named") {
  auto complaint_about = [](auto change) {
    return complaint([&](written& x) {
      make_post_norm(x);
      change(x);
    });
  };
  auto starts = std::string{"exp.toml:9:1: layer 'carry': "};
  auto one_stream =
      starts + "a layer of kind 'norm' reads one stream and nothing else";
  CHECK(complaint_about([](auto&) {}).empty());
  CHECK(complaint_about([](auto& x) { x["carry"].inputs = {"tokens"}; })
        == one_stream);
  CHECK(complaint_about([](auto& x) { x["carry"].inputs = {"input"}; })
        == one_stream);
  CHECK(complaint_about([](auto& x) { x["carry"].inputs.push_back("tokens"); })
        == one_stream);
  CHECK(complaint_about([](auto& x) { x["carry"].units = 13; })
        == starts + "it has 13 units, but 'before' has 12 coordinates");
  CHECK(complaint_about([](auto& x) { x["carry"].act = activation::relu; })
        == starts + "a layer of kind 'norm' has no activation, found 'relu'");
  CHECK(complaint_about([](auto& x) { x["carry"].norm.kind = norm_kind::rms; })
        == starts + "only a stream has a norm and dropout");
  CHECK(complaint_about([](auto& x) {
          x["middle"].units = 13;
          x["heads"].inputs = {"middle"};
          x["middle"].inputs = {"carry"};
        })
        == "exp.toml:5:1: layer 'middle': it has 13 coordinates, but 'carry' "
           "gives 12 values");
}

TEST_CASE("only a stream can read a norm") {
  auto complaint_about = [](const std::string& name, auto change) {
    return complaint([&](written& x) {
      make_post_norm(x);
      x[name].inputs = {"carry"};
      change(x[name]);
    });
  };
  for (const auto* name : {"heads", "units", "out"})
    CHECK(complaint_about(name, [](auto&) {
          }).ends_with("reads one stream and nothing else"));
  for (auto kind : {layer_kind::dense, layer_kind::sparse})
    CHECK(complaint_about("out", [&](auto& x) { x.kind = kind; })
          == fmt::format("exp.toml:8:1: layer 'out': a {} layer cannot read "
                         "'carry' of kind 'norm'",
                         to_string(kind)));
  CHECK(complaint_about("out",
                        [](auto& x) {
                          x.kind = layer_kind::embedding;
                          x.units = 3;
                        })
        == "exp.toml:8:1: layer 'out': an embedding must read the layer "
           "'input' and no other");
  CHECK(complaint([](auto& x) {
          make_post_norm(x);
          std::rotate(x.layers.begin() + 4, x.layers.begin() + 5,
                      x.layers.end());
          x["middle"].inputs = {"before", "heads"};
        })
        == "exp.toml:1:1: loss: it must read a dense or sparse layer or a "
           "vocabulary, but 'carry' is of kind 'norm'");
}

TEST_CASE("a tied table has no neurons of its own") {
  for (auto units : {0, 11}) {
    auto what = one_block();
    tie(what);
    what["tokens"].units = static_cast<uint64_t>(units);
    auto net = must(what.build());
    const auto& tokens = named(net, "tokens");
    CHECK(tokens.tied);
    CHECK(tokens.units == 0);
    CHECK(tokens.width == 12);
    CHECK(tokens.parameter_rows().empty());
    CHECK(tokens.parameters() == 0);
    CHECK(tokens.neurons().empty());
    CHECK(named(net, "positions").first == 0);
    // The layer after it has its first id.
    CHECK(net.layer_of(0) == 2);
    auto plain = must(one_block().build());
    CHECK(net.neuron_count() == plain.neuron_count() - 11);
    CHECK(net.parameter_count() == plain.parameter_count() - 11 * 12);
    CHECK(net.output().parameters() == 11 * 12);
  }
}

TEST_CASE("tables that cannot be tied are named") {
  auto complaint_about = [](auto change) {
    return complaint([&](written& x) {
      tie(x);
      change(x);
    });
  };
  auto starts = std::string{"exp.toml:1:1: layer 'tokens': "};
  CHECK(complaint_about([](auto&) {}).empty());
  CHECK(complaint_about([](auto& x) { x["tokens"].units = 12; })
        == starts
               + "it has 12 units, but the data has 11 tokens; leave units "
                 "out, for it is tied to the vocabulary");
  CHECK(complaint_about([](auto& x) {
          x["tokens"].units = 12;
          x.data.tokens = 0;
        })
        == starts
               + "a table needs sequences of tokens, but the data has 1 real "
                 "values an example");
  CHECK(complaint_about([](auto& x) { x["tokens"].width = 0; })
        == starts + "a table needs a width, that of the stream it is for");
  CHECK(complaint_about([](auto& x) { x["positions"].tied = true; })
        == "exp.toml:2:1: layer 'positions': a table of positions cannot be "
           "tied to a vocabulary, which has a row for each token");
  CHECK(complaint_about([](auto& x) {
          auto twice = x["tokens"];
          twice.name = "more";
          x.layers.insert(x.layers.begin(), twice);
          x["before"].inputs.push_back("more");
        })
        == starts
               + "'more' is tied to the vocabulary, too; only one table can "
                 "be");
  // A stream of another width is what the vocabulary reads.
  CHECK(complaint_about([](auto& x) {
          x.layers.insert(
              x.layers.begin(),
              {line(10, "wide", layer_kind::table, 11, {"input"}),
               line(11, "other", layer_kind::stream, 13, {"wide"})});
          x["wide"].width = 13;
          x["out"].inputs = {"other"};
        })
        == starts
               + "it is tied to the vocabulary 'out', whose rows have 13 "
                 "values, so it cannot have a width of 12");
  CHECK(complaint_about([](auto& x) { x["out"].units = 10; })
        == starts
               + "it is tied to the vocabulary 'out', which has 10 units, but "
                 "the data has 11 tokens");
  for (const auto* name : {"before", "heads", "units", "out"})
    CHECK(complaint_of(name, [](auto& x) { x.tied = true; })
              .ends_with(fmt::format("layer '{}': only a table can be tied to "
                                     "a vocabulary",
                                     name)));
}

TEST_CASE("a table is tied only where a vocabulary is the output") {
  auto table = line(1, "tokens", layer_kind::table, 0, {"input"});
  table.width = 12;
  table.tied = true;
  written what{{table, line(2, "embed", layer_kind::embedding, 3, {"input"}),
                line(3, "out", layer_kind::dense, 0)}};
  CHECK(sentence(what.build())
        == "exp.toml:1:1: layer 'tokens': it is tied to the vocabulary, but "
           "the output 'out' is of kind 'dense'");
}

TEST_CASE("only the loss reads a vocabulary, and only softmax") {
  CHECK(complaint([](auto& x) { x.loss = layer_kind::mean_squared_error; })
        == "exp.toml:1:1: loss: mean_squared_error cannot read 'out', a "
           "vocabulary; set network.loss to 'softmax_cross_entropy'");
  for (auto kind : {layer_kind::dense, layer_kind::sparse})
    CHECK(complaint([&](auto& x) {
            x.layers.push_back(line(9, "more", kind, 0, {"out"}));
          })
          == fmt::format("exp.toml:9:1: layer 'more': a {} layer cannot read "
                         "'out' of kind 'vocabulary'",
                         to_string(kind)));
  CHECK(complaint([](auto& x) {
          x["out"].units = 12;
          x.layers.push_back(line(9, "more", layer_kind::stream, 12, {"out"}));
          x.layers.push_back(
              line(10, "last", layer_kind::vocabulary, 0, {"more"}));
        })
        == "exp.toml:9:1: layer 'more': a stream cannot read 'out' of kind "
           "'vocabulary', only streams, norms, tables, attention and mlp");
}

TEST_CASE("any transformer that is drawn holds together") {
  CHECK(rc::check("columns and parameters", [] {
    auto net = any_transformer();
    for (layer_id id = 1; id + 1 < net.layers.size(); ++id) {
      const auto& x = net.layers[id];
      if (x.kind == layer_kind::stream)
        for (auto input : x.inputs)
          RC_ASSERT(net.layers[input].width == x.units);
      if (reads_norm(x.kind))
        RC_ASSERT(x.row_width == net.layers[x.inputs.front()].units);
      RC_ASSERT(x.width > 0u);
      RC_ASSERT(x.first + x.units == net.layers[id + 1].first);
    }
  }));
}
