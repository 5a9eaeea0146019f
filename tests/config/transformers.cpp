#include "config/parse.hpp"

#include <algorithm>

using namespace nnactor;

namespace {

const std::string layers = minimal + "[[network.layers]]\n";
const std::string transformer = layers + "kind = 'transformer'\n";
const std::string small = transformer + "blocks = 2\nhidden = 24\nheads = 6\n";
const std::string next =
    "[[network.layers]]\nkind = 'vocabulary'\nunits = 'classes'\n";

/// Sequences of characters.
data_shape shape_of(const data_settings& how) {
  return {1, 90, 90, how.time_steps, how.context};
}

result<network> built(const std::string& text) {
  auto x = parsed(text);
  return build_network(x.network, shape_of(x.data));
}

/// Parses a config whose network must be wrong and returns the sentence.
std::string network_error_of(const std::string& text) {
  auto net = built(text);
  REQUIRE_FALSE(net);
  CHECK(code_of(net.error()) == ec::invalid_network);
  return explain(net.error());
}

std::vector<std::string> names_of(const network_description& what) {
  std::vector<std::string> out;
  for (const auto& x : what.layers)
    out.push_back(x.name);
  return out;
}

const layer_description& named(const network_description& what,
                               const std::string& name) {
  auto found = std::ranges::find(what.layers, name, &layer_description::name);
  REQUIRE(found != what.layers.end());
  return *found;
}

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("layers of a transformer can be written out") {
  auto x = parsed(minimal + R"([[network.layers]]
kind = "table"
name = "tokens"
units = "classes"
width = 12
inputs = ["input"]
[[network.layers]]
kind = "table"
by_position = true
units = "context"
width = 12
inputs = ["input"]
[[network.layers]]
kind = "stream"
name = "begin"
units = 12
inputs = ["tokens", "table2"]
norm = "rms"
epsilon = 1e-6
dropout = 0.25
bias = true
[[network.layers]]
kind = "attention"
heads = 6
kv_heads = 2
head_size = 4
causal = false
window = 7
rotary_base = 500
rotary_scale = 2
head_norm = "rms"
bias = true
[[network.layers]]
kind = "stream"
name = "end"
units = 12
inputs = ["begin", "attention4", "mlp6"]
[[network.layers]]
kind = "mlp"
units = 30
gated = true
activation = "silu"
inputs = ["begin"]
[[network.layers]]
kind = "vocabulary"
units = "classes"
inputs = ["end"]
)");
  CHECK(x.data.sequences);
  const auto& all = x.network.layers;
  REQUIRE(all.size() == 7);
  CHECK(all[0].kind == layer_kind::table);
  CHECK(all[0].width == 12);
  CHECK(all[0].units == 0);
  CHECK(!all[0].by_position);
  CHECK(all[1].by_position);
  CHECK(all[1].units == 0);
  CHECK(all[2].kind == layer_kind::stream);
  CHECK(all[2].norm == norm_settings{norm_kind::rms, 1e-6});
  CHECK(all[2].dropout == 0.25);
  CHECK(all[2].bias);
  CHECK(all[3].kind == layer_kind::attention);
  CHECK(all[3].units == 2);
  CHECK(all[3].attention
        == attention_settings{4, 3, false, 7, 500, 2, norm_kind::rms});
  CHECK(all[3].bias);
  CHECK(all[4].norm == norm_settings{});
  CHECK(!all[4].bias);
  CHECK(all[5].kind == layer_kind::mlp);
  CHECK(all[5].units == 30);
  CHECK(all[5].gated);
  CHECK(all[5].act == activation::silu);
  CHECK(all[6].kind == layer_kind::vocabulary);
  CHECK(all[6].name == "vocabulary7");
  auto net = build_network(x.network, shape_of(x.data));
  REQUIRE_MESSAGE(net, explain(net.error()));
  CHECK(net->context == 16);
  CHECK(net->layers[1].units == 90);
  CHECK(net->layers[2].units == 16);
  CHECK(net->output().units == 90);
}

TEST_CASE("what attention and mlps are unless somebody says otherwise") {
  auto all = parsed(layers
                    + "kind = 'attention'\nheads = 3\nhead_size = 8\n"
                      "[[network.layers]]\nkind = 'mlp'\nunits = 9\n")
                 .network.layers;
  CHECK(all[0].units == 3);
  CHECK(all[0].attention == attention_settings{8});
  CHECK(!all[0].bias);
  CHECK(all[1].act == activation::gelu);
  CHECK(!all[1].gated);
}

TEST_CASE("a transformer stands for its layers") {
  auto x = parsed(small + next).network;
  CHECK(names_of(x)
        == strings{"tokens", "stream0", "attention1", "stream1", "mlp1",
                   "stream2", "attention2", "stream3", "mlp2", "stream4",
                   "vocabulary2"});
  CHECK(named(x, "tokens").inputs == strings{"input"});
  CHECK(named(x, "tokens").width == 24);
  CHECK(named(x, "stream0").inputs == strings{"tokens"});
  CHECK(named(x, "attention2").inputs == strings{"stream2"});
  CHECK(named(x, "stream3").inputs == strings{"stream2", "attention2"});
  CHECK(named(x, "mlp2").inputs == strings{"stream3"});
  CHECK(named(x, "mlp2").units == 96);
  CHECK(named(x, "mlp2").act == activation::gelu);
  CHECK(named(x, "stream4").inputs == strings{"stream3", "mlp2"});
  CHECK(named(x, "stream4").units == 24);
  CHECK(named(x, "stream4").norm == norm_settings{norm_kind::layer});
  CHECK(named(x, "attention1").units == 6);
  CHECK(named(x, "attention1").attention
        == attention_settings{.head_size = 4, .rotary_base = 10000});
  for (size_t i = 0; i + 1 < x.layers.size(); ++i) {
    CHECK(to_string(x.layers[i].where) == "x.toml:3:1");
    CHECK(!x.layers[i].bias);
  }
  auto net = built(small + next);
  REQUIRE_MESSAGE(net, explain(net.error()));
  CHECK(net->layers.size() == 13);
  // The vocabulary reads the last stream.
  CHECK(net->layers[net->output().inputs[0]].name == "stream4");
}

TEST_CASE("every key of a transformer arrives") {
  auto x = parsed(transformer + R"(name = "decoder"
label = "body"
blocks = 1
hidden = 10
heads = 6
kv_heads = 3
head_size = 8
mlp = 7
activation = "silu"
gated = true
norm = "rms"
epsilon = 0.125
rotary_base = 500
rotary_scale = 4
window = 5
bias = true
head_norm = "rms"
dropout = 0.5
)" + next)
               .network;
  CHECK(names_of(x)
        == strings{"decoder_tokens", "decoder_stream0", "decoder_attention1",
                   "decoder_stream1", "decoder_mlp1", "decoder_stream2",
                   "vocabulary2"});
  CHECK(named(x, "decoder_stream1").inputs
        == strings{"decoder_stream0", "decoder_attention1"});
  const auto& attention = named(x, "decoder_attention1");
  CHECK(attention.units == 3);
  CHECK(attention.attention
        == attention_settings{8, 2, true, 5, 500, 4, norm_kind::rms});
  CHECK(attention.bias);
  const auto& mlp = named(x, "decoder_mlp1");
  CHECK(mlp.units == 7);
  CHECK(mlp.act == activation::silu);
  CHECK(mlp.gated);
  CHECK(mlp.bias);
  for (const auto* name : {"decoder_stream0", "decoder_stream1"}) {
    const auto& stream = named(x, name);
    CHECK(stream.norm == norm_settings{norm_kind::rms, 0.125});
    CHECK(stream.dropout == 0.5);
    CHECK(stream.label == "body");
  }
  // Tables have no way out that a bias belonged to.
  CHECK(!named(x, "decoder_stream0").bias);
  CHECK(named(x, "decoder_stream1").bias);
  CHECK(named(x, "decoder_stream2").bias);
}

TEST_CASE("positions are turned, learnt or not told") {
  auto rotary = parsed(small).network;
  CHECK(named(rotary, "attention1").attention.rotary_base == 10000);
  auto learnt = parsed(small + "positions = 'learnt'\n").network;
  CHECK(learnt.layers[1].name == "positions");
  CHECK(learnt.layers[1].by_position);
  CHECK(named(learnt, "stream0").inputs == strings{"tokens", "positions"});
  CHECK(named(learnt, "attention1").attention.rotary_base == 0);
  auto none = parsed(small + "positions = 'none'\n").network;
  CHECK(none.layers.size() == rotary.layers.size());
  CHECK(named(none, "attention1").attention.rotary_base == 0);
  // As many as an example has.
  auto net = built(small + "positions = 'learnt'\n" + next);
  REQUIRE_MESSAGE(net, explain(net.error()));
  CHECK(net->layers[2].units == 16);
}

TEST_CASE("a network with a table makes sequences of a text") {
  CHECK(parsed(small).data.sequences);
  CHECK(!parsed(minimal).data.sequences);
  CHECK(!parsed(layers + "kind = 'dense'\nunits = 3").data.sequences);
  CHECK(error_of("[data]\npath = 'x'\ntime_steps = 2\n[[network.layers]]\n"
                 "kind = 'transformer'\nblocks = 1\nhidden = 4\nheads = 2")
        == "x.toml:3:14: 'data.time_steps' is 2, but where a network has "
           "tables, an example is a sequence of 'data.context' tokens; leave "
           "it out");
}

TEST_CASE("numbers of heads must divide what they share") {
  CHECK(error_of(transformer + "blocks = 2\nhidden = 24\nheads = 5")
        == "x.toml:7:9: 'network.layers.heads' is 5, which does not divide "
           "'network.layers.hidden' = 24; give head_size");
  CHECK(
      parsed(transformer + "blocks = 2\nhidden = 24\nheads = 5\nhead_size = 4")
          .network.layers[2]
          .attention.head_size
      == 4);
  CHECK(error_of(small + "kv_heads = 4")
        == "x.toml:8:12: 'network.layers.kv_heads' is 4, which does not divide "
           "'network.layers.heads' = 6");
  CHECK(error_of(layers
                 + "kind = 'attention'\nheads = 6\nkv_heads = 12\n"
                   "head_size = 4")
        == "x.toml:6:12: 'network.layers.kv_heads' is 12, which does not "
           "divide 'network.layers.heads' = 6");
}

TEST_CASE("dropout is at least 0 and below 1") {
  CHECK(error_of(small + "dropout = 1")
        == "x.toml:8:11: 'network.layers.dropout' is 1 but must be at least 0 "
           "and below 1");
  CHECK(error_of(layers + "kind = 'stream'\nunits = 4\ndropout = -0.5")
        == "x.toml:6:11: 'network.layers.dropout' is -0.5 but must be at least "
           "0 and below 1");
  CHECK(error_of(small + "dropout = nan")
        == "x.toml:8:11: 'network.layers.dropout' is nan but must be at least "
           "0 and below 1");
}

TEST_CASE("keys that do not go with a kind of layer are refused") {
  auto why = [](const std::string& keys) { return error_of(layers + keys); };
  CHECK(why("kind = 'dense'\nunits = 3\nheads = 2")
        == "x.toml:6:9: 'network.layers.heads' only goes with kind = "
           "\"attention\" or \"transformer\"");
  CHECK(why("kind = 'attention'\nunits = 3")
        == "x.toml:5:9: 'network.layers.units' does not go with kind = "
           "\"attention\"");
  CHECK(why("kind = 'stream'\nunits = 3\nactivation = 'relu'")
        == "x.toml:6:14: 'network.layers.activation' does not go with kind = "
           "\"stream\"");
  CHECK(why("kind = 'mlp'\nunits = 3\ndropout = 0.1")
        == "x.toml:6:11: 'network.layers.dropout' only goes with kind = "
           "\"stream\" or \"transformer\"");
  CHECK(why("kind = 'stream'\nunits = 3\nepsilon = 0.1")
        == "x.toml:6:11: 'network.layers.epsilon' only goes with norm = "
           "\"rms\" or \"layer\"");
  CHECK(why("kind = 'attention'\nheads = 3\nhead_size = 4\nrotary_scale = 2")
        == "x.toml:7:16: 'network.layers.rotary_scale' only goes with "
           "rotary_base");
  CHECK(error_of(small + "positions = 'learnt'\nrotary_base = 500")
        == "x.toml:9:15: 'network.layers.rotary_base' only goes with positions "
           "= \"rotary\"");
  CHECK(error_of(small + "inputs = ['input']")
        == "x.toml:8:10: 'network.layers.inputs' does not go with kind = "
           "\"transformer\": it reads 'input'");
  CHECK(error_of(small + "block = 3")
        == "x.toml:8:1: unknown key 'network.layers.block'; did you mean "
           "'blocks'?");
}

TEST_CASE("what a kind of layer needs is named") {
  auto why = [](const std::string& keys) { return error_of(layers + keys); };
  CHECK(why("name = 'x'") == "x.toml:3:1: 'network.layers.kind' is missing");
  CHECK(why("kind = 'table'\nunits = 3")
        == "x.toml:3:1: 'network.layers.width' is missing");
  CHECK(why("kind = 'attention'\nheads = 3")
        == "x.toml:3:1: 'network.layers.head_size' is missing");
  CHECK(why("kind = 'transformer'\nblocks = 1\nhidden = 4")
        == "x.toml:3:1: 'network.layers.heads' is missing");
}

TEST_CASE("words for numbers of units") {
  CHECK(error_of(layers + "kind = 'table'\nwidth = 3\nunits = 'context'")
        == "x.toml:6:9: 'network.layers.units' is 'context' but must be an "
           "integer or 'classes'");
  CHECK(error_of(layers
                 + "kind = 'table'\nwidth = 3\nby_position = true\n"
                   "units = 'classes'")
        == "x.toml:7:9: 'network.layers.units' is 'classes' but must be an "
           "integer or 'context'");
}

TEST_CASE("a context longer than learnt positions is refused") {
  auto text = [](const std::string& units) {
    return "[data]\npath = 'x'\ncontext = 65\n[[network.layers]]\n"
           "kind = 'table'\nname = 'positions'\nwidth = 4\nby_position = true\n"
           "units = "
           + units + "\n[[network.layers]]\nkind = 'stream'\nunits = 4\n"
           + next;
  };
  CHECK(network_error_of(text("64"))
        == "x.toml:4:1: layer 'positions': it has 64 positions, but an example "
           "has 65");
  CHECK(built(text("65")));
}

TEST_CASE("a transformer cannot be inside a cycle") {
  CHECK(error_of(small + "delay = { input = 1 }")
        == "x.toml:8:9: 'network.layers.delay' does not go with kind = "
           "\"transformer\": a transformer cannot be inside a cycle");
  CHECK(error_of(layers + "kind = 'stream'\nunits = 4\ndelay = { mlp2 = 1 }")
        == "x.toml:6:9: 'network.layers.delay' does not go with kind = "
           "\"stream\": a transformer cannot be inside a cycle");
  CHECK(network_error_of(layers
                         + "kind = 'stream'\nname = 'a'\nunits = 4\n"
                           "inputs = ['b']\n[[network.layers]]\nkind = 'mlp'\n"
                           "name = 'b'\nunits = 3\n"
                         + next)
        == "x.toml:3:1: layer 'a': it needs itself at once: 'a' reads 'b' "
           "reads 'a'; a transformer cannot be inside a cycle");
}

TEST_CASE("errors of a transformer's layers name its line") {
  CHECK(network_error_of(transformer + "blocks = 1\nhidden = 9\nheads = 3\n"
                         + next)
        == "x.toml:3:1: layer 'attention1': rotary positions turn pairs of "
           "values, but a head has 3");
  CHECK(network_error_of(small + "activation = 'tanh'\n" + next)
            .starts_with("x.toml:3:1: layer 'mlp1': an mlp without gates has"));
}
