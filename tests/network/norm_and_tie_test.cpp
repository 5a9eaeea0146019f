#include "network/written_transformer.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

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

} // namespace

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
