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

/// Builds a network that must be right.
network must_build(const std::string& text) {
  auto net = built(text);
  REQUIRE_MESSAGE(net, explain(net.error()));
  return *net;
}

/// Parses a config of one layer that must be wrong and returns the sentence.
std::string layer_error_of(const std::string& keys) {
  return error_of(layers + keys);
}

/// The same of a small transformer with more keys.
std::string small_error_of(const std::string& keys) {
  return error_of(small + keys);
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
  const auto text = minimal + R"([[network.layers]]
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
)";
  auto x = parsed(text);
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
  auto net = must_build(text);
  CHECK(net.context == 16);
  CHECK(net.layers[1].units == 90);
  CHECK(net.layers[2].units == 16);
  CHECK(net.output().units == 90);
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
  auto net = must_build(small + next);
  CHECK(net.layers.size() == 13);
  // The vocabulary reads the last stream.
  CHECK(net.layers[net.output().inputs[0]].name == "stream4");
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
  auto net = must_build(small + "positions = 'learnt'\n" + next);
  CHECK(net.layers[2].units == 16);
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

TEST_CASE("with post-norm a stream reads the one before it normalised") {
  auto x = parsed(small + "post_norm = true\n" + next).network;
  CHECK(names_of(x)
        == strings{"tokens", "stream0", "attention1", "carry1", "stream1",
                   "mlp1", "carry2", "stream2", "attention2", "carry3",
                   "stream3", "mlp2", "carry4", "stream4", "vocabulary2"});
  CHECK(named(x, "stream0").inputs == strings{"tokens"});
  CHECK(named(x, "attention1").inputs == strings{"stream0"});
  const auto& carry = named(x, "carry1");
  CHECK(carry.kind == layer_kind::norm);
  CHECK(carry.inputs == strings{"stream0"});
  CHECK(carry.units == 24);
  CHECK(carry.norm == norm_settings{});
  CHECK(named(x, "stream1").inputs == strings{"carry1", "attention1"});
  CHECK(named(x, "stream4").inputs == strings{"carry4", "mlp2"});
  auto net = must_build(small + "post_norm = true\nbias = true\n" + next);
  CHECK(net.layers.size() == 17);
  // Whatever is the output's is normalised, too.
  CHECK(net.layers[net.output().inputs[0]].name == "stream4");
  auto plain = must_build(small + "post_norm = false\nbias = true\n" + next);
  CHECK(net.parameter_count() == plain.parameter_count());
  CHECK(names_of(parsed(small + "name = 'd'\npost_norm = true\n").network)[3]
        == "d_carry1");
}

TEST_CASE("post-norm needs a norm") {
  CHECK(small_error_of("norm = 'none'\npost_norm = true")
        == "x.toml:9:13: 'network.layers.post_norm' is true, which only goes "
           "with norm = \"rms\" or \"layer\"");
  CHECK(parsed(small + "norm = 'none'\npost_norm = false").network.layers.size()
        == 10);
  CHECK(layer_error_of("kind = 'stream'\nunits = 4\npost_norm = true")
        == "x.toml:6:13: 'network.layers.post_norm' only goes with kind = "
           "\"transformer\"");
}

TEST_CASE("a norm can be written out") {
  auto text = [](const std::string& units) {
    return minimal + R"([[network.layers]]
kind = "table"
units = "classes"
width = 12
[[network.layers]]
kind = "stream"
units = 12
norm = "rms"
[[network.layers]]
kind = "norm"
units = )" + units
           + R"(
[[network.layers]]
kind = "stream"
units = 12
)" + next;
  };
  auto net = must_build(text("12"));
  CHECK(net.layers[3].name == "norm3");
  CHECK(net.layers[3].kind == layer_kind::norm);
  CHECK(net.layers[4].inputs == std::vector<layer_id>{3});
  CHECK(network_error_of(text("11"))
        == "x.toml:11:1: layer 'norm3': it has 11 units, but 'stream2' has 12 "
           "coordinates");
  CHECK(layer_error_of("kind = 'norm'")
        == "x.toml:3:1: 'network.layers.units' is missing");
  for (const auto* key : {"activation = 'relu'", "bias = true", "width = 3",
                          "delay = { input = 1 }", "norm = 'rms'",
                          "dropout = 0.5", "epsilon = 0.5", "gated = true"})
    CHECK(layer_error_of(fmt::format("kind = 'norm'\nunits = 3\n{}", key))
              .starts_with("x.toml:6:"));
}

TEST_CASE("a transformer's tokens can have the rows of the vocabulary") {
  auto tied = small + "positions = 'learnt'\ntied = true\n";
  auto x = parsed(tied + next).network;
  CHECK(named(x, "tokens").tied);
  CHECK_FALSE(named(x, "positions").tied);
  CHECK_FALSE(named(parsed(small + "tied = false").network, "tokens").tied);
  auto net = must_build(tied + next);
  CHECK(net.layers[1].units == 0);
  CHECK(net.layers[1].width == 24);
  CHECK(net.output().parameters() == 90 * 24);
  auto untied = must_build(small + "positions = 'learnt'\n" + next);
  CHECK(untied.neuron_count() == net.neuron_count() + 90);
  CHECK(network_error_of(
            tied + "[[network.layers]]\nkind = 'vocabulary'\nunits = 89\n")
        == "x.toml:3:1: layer 'tokens': it is tied to the vocabulary "
           "'vocabulary2', which has 89 units, but the data has 90 tokens");
  CHECK(layer_error_of("kind = 'stream'\nunits = 4\ntied = true")
        == "x.toml:6:8: 'network.layers.tied' only goes with kind = \"table\" "
           "or \"transformer\"");
}

TEST_CASE("a tied table needs no units, and has those of the tokens at most") {
  auto text = [](const std::string& units) {
    return layers + "kind = 'table'\nwidth = 12\ntied = true\n" + units
           + "[[network.layers]]\nkind = 'stream'\nunits = 12\n" + next;
  };
  for (const auto* units : {"", "units = 90\n", "units = 'classes'\n"})
    CHECK(must_build(text(units)).layers[1].units == 0);
  CHECK(network_error_of(text("units = 89\n"))
        == "x.toml:3:1: layer 'table1': it has 89 units, but the data has 90 "
           "tokens; leave units out, for it is tied to the vocabulary");
  CHECK(network_error_of(text("by_position = true\n"))
        == "x.toml:3:1: layer 'table1': a table of positions cannot be tied to "
           "a vocabulary, which has a row for each token");
  CHECK(layer_error_of("kind = 'table'\nwidth = 12\ntied = false")
        == "x.toml:3:1: 'network.layers.units' is missing");
}

TEST_CASE("a transformer of very many blocks is laid out or refused at once") {
  auto text = [](int blocks, const char* more = "") {
    return transformer
           + fmt::format("blocks = {}\nhidden = 4\nheads = 2\n{}", blocks, more)
           + next;
  };
  CHECK(must_build(text(16382)).layers.size() == 16382 * 4 + 5);
  CHECK(network_error_of(text(16383))
            .ends_with("the network has 65537 layers, more than 65536; give it "
                       "fewer, or a transformer fewer blocks"));
  CHECK(network_error_of(text(16383, "post_norm = true\n"))
            .ends_with("the network has 98303 layers, more than 65536; give it "
                       "fewer, or a transformer fewer blocks"));
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
  CHECK(small_error_of("kv_heads = 4")
        == "x.toml:8:12: 'network.layers.kv_heads' is 4, which does not divide "
           "'network.layers.heads' = 6");
  CHECK(layer_error_of("kind = 'attention'\nheads = 6\nkv_heads = 12\n"
                       "head_size = 4")
        == "x.toml:6:12: 'network.layers.kv_heads' is 12, which does not "
           "divide 'network.layers.heads' = 6");
}

TEST_CASE("dropout is at least 0 and below 1") {
  CHECK(small_error_of("dropout = 1")
        == "x.toml:8:11: 'network.layers.dropout' is 1 but must be at least 0 "
           "and below 1");
  CHECK(layer_error_of("kind = 'stream'\nunits = 4\ndropout = -0.5")
        == "x.toml:6:11: 'network.layers.dropout' is -0.5 but must be at least "
           "0 and below 1");
  CHECK(small_error_of("dropout = nan")
        == "x.toml:8:11: 'network.layers.dropout' is nan but must be at least "
           "0 and below 1");
}

TEST_CASE("keys that do not go with a kind of layer are refused") {
  CHECK(layer_error_of("kind = 'dense'\nunits = 3\nheads = 2")
        == "x.toml:6:9: 'network.layers.heads' only goes with kind = "
           "\"attention\" or \"transformer\"");
  CHECK(layer_error_of("kind = 'attention'\nunits = 3")
        == "x.toml:5:9: 'network.layers.units' does not go with kind = "
           "\"attention\"");
  CHECK(layer_error_of("kind = 'stream'\nunits = 3\nactivation = 'relu'")
        == "x.toml:6:14: 'network.layers.activation' does not go with kind = "
           "\"stream\"");
  CHECK(layer_error_of("kind = 'mlp'\nunits = 3\ndropout = 0.1")
        == "x.toml:6:11: 'network.layers.dropout' only goes with kind = "
           "\"stream\" or \"transformer\"");
  CHECK(layer_error_of("kind = 'stream'\nunits = 3\nepsilon = 0.1")
        == "x.toml:6:11: 'network.layers.epsilon' only goes with norm = "
           "\"rms\" or \"layer\"");
  CHECK(layer_error_of(
            "kind = 'attention'\nheads = 3\nhead_size = 4\nrotary_scale = 2")
        == "x.toml:7:16: 'network.layers.rotary_scale' only goes with "
           "rotary_base");
  CHECK(small_error_of("positions = 'learnt'\nrotary_base = 500")
        == "x.toml:9:15: 'network.layers.rotary_base' only goes with positions "
           "= \"rotary\"");
  CHECK(small_error_of("inputs = ['input']")
        == "x.toml:8:10: 'network.layers.inputs' does not go with kind = "
           "\"transformer\": it reads 'input'");
  CHECK(small_error_of("block = 3")
        == "x.toml:8:1: unknown key 'network.layers.block'; did you mean "
           "'blocks'?");
}

TEST_CASE("what a kind of layer needs is named") {
  CHECK(layer_error_of("name = 'x'")
        == "x.toml:3:1: 'network.layers.kind' is missing");
  CHECK(layer_error_of("kind = 'table'\nunits = 3")
        == "x.toml:3:1: 'network.layers.width' is missing");
  CHECK(layer_error_of("kind = 'attention'\nheads = 3")
        == "x.toml:3:1: 'network.layers.head_size' is missing");
  CHECK(layer_error_of("kind = 'transformer'\nblocks = 1\nhidden = 4")
        == "x.toml:3:1: 'network.layers.heads' is missing");
}

TEST_CASE("words for numbers of units") {
  CHECK(layer_error_of("kind = 'table'\nwidth = 3\nunits = 'context'")
        == "x.toml:6:9: 'network.layers.units' is 'context' but must be an "
           "integer or 'classes'");
  CHECK(layer_error_of("kind = 'table'\nwidth = 3\nby_position = true\n"
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
  CHECK(small_error_of("delay = { input = 1 }")
        == "x.toml:8:9: 'network.layers.delay' does not go with kind = "
           "\"transformer\": a transformer cannot be inside a cycle");
  CHECK(layer_error_of("kind = 'stream'\nunits = 4\ndelay = { mlp2 = 1 }")
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
