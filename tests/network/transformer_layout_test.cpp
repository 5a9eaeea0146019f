#include "network/written_transformer.hpp"

using namespace nnactor;
using namespace nnactor::test;

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
