#include "config/parse.hpp"

using namespace nnactor;

TEST_CASE("a path of data is all that a config needs") {
  auto x = parsed(minimal);
  CHECK(x.file == "x.toml");
  CHECK(x.data.path == "texts");
  CHECK(to_string(x.data.path_where) == "x.toml:2:8");
  CHECK(x.data.kind == data_settings::format::text);
  CHECK(x.data.context == 16);
  CHECK(x.run.steps == 1000);
  CHECK(x.run.train.schedule.steps == 1000);
  CHECK(x.cluster.nodes == 3);
  CHECK(x.store.path == "models/model");
  CHECK(x.distribute.how == mechanism::even);
  CHECK(x.distribute.parts == 3);
  CHECK(x.distribute.per_layer);
}

TEST_CASE("without layers, text gets an embedding and images do not") {
  auto text = parsed(minimal).network.layers;
  REQUIRE(text.size() == 3);
  CHECK(text[0].name == "embedding1");
  CHECK(text[1].act == activation::relu);
  CHECK(text[2].units == 0);
  auto images = parsed(minimal + "format = 'idx'").network.layers;
  REQUIRE(images.size() == 2);
  CHECK(images[0].name == "dense1");
}

TEST_CASE("text has a context and time steps") {
  auto x = parsed(minimal + "context = 4\ntime_steps = 8").data;
  CHECK(x.context == 4);
  CHECK(x.time_steps == 8);
}

TEST_CASE("text is characters unless there are tokens") {
  CHECK(parsed(minimal).data.tokens == 0);
  CHECK(parsed(minimal + "tokens = 4096").data.tokens == 4096);
}

TEST_CASE("noise needs no path") {
  auto x = parsed(R"([data]
format = "noise"
inputs = 3
classes = 4
time_steps = 5
examples = 6
)")
               .data;
  CHECK(x.kind == data_settings::format::noise);
  CHECK(x.inputs == 3);
  CHECK(x.classes == 4);
  CHECK(x.time_steps == 5);
  CHECK(x.examples == 6);
}

TEST_CASE("every key of [train] arrives") {
  auto x = parsed(minimal + R"([train]
steps = 50
batch = 96
micro_batches = 4
window = 3
seed = 7
evaluate_every = 5
evaluate_examples = 300
stop_at_loss = 1.6
optimizer = "adamw"
rate = 0.25
final_rate = 0.125
schedule = "cosine"
warmup = 10
momentum = 0.5
beta1 = 0.5
beta2 = 0.75
epsilon = 0.0625
weight_decay = 0.5
clip = 2
sample = 0
temperature = 2
)")
               .run;
  CHECK(x.steps == 50);
  CHECK(x.train.batch == 96);
  CHECK(x.train.micro_batches == 4);
  CHECK(x.train.window == 3);
  CHECK(x.train.seed == 7);
  CHECK(x.evaluate_every == 5);
  CHECK(x.evaluate_examples == 300);
  CHECK(x.stop_at_loss == 1.6);
  CHECK(x.train.optimizer.kind == optimizer_kind::adamw);
  CHECK(x.train.schedule.rate == 0.25f);
  CHECK(x.train.schedule.final_rate == 0.125f);
  CHECK(x.train.schedule.kind == schedule_kind::cosine);
  CHECK(x.train.schedule.warmup == 10);
  CHECK(x.train.schedule.steps == 50);
  CHECK(x.train.optimizer.momentum == 0.5f);
  CHECK(x.train.optimizer.beta1 == 0.5f);
  CHECK(x.train.optimizer.beta2 == 0.75f);
  CHECK(x.train.optimizer.epsilon == 0.0625f);
  CHECK(x.train.optimizer.weight_decay == 0.5f);
  CHECK(x.train.optimizer.clip == 2.0f);
  CHECK(x.sample == 0);
  CHECK(x.temperature == 2.0f);
  CHECK(to_string(x.where) == "x.toml:3:1");
}

TEST_CASE("a loss is enough only where there is one that is") {
  auto never = parsed(minimal).run;
  CHECK(!never.stops_at(0));
  auto some = parsed(minimal + "[train]\nstop_at_loss = 2").run;
  CHECK(some.stops_at(2));
  CHECK(!some.stops_at(2.0001));
}

TEST_CASE("delays and sparse layers arrive") {
  auto x = parsed(minimal + R"([[network.layers]]
kind = "sparse"
name = "few"
units = 30
inputs = ["input", "few", "out"]
delay = { few = 1, out = 2 }
degree = 7
pattern = "clustered"
clusters = 5
inside = 0.75
seed = 9
[[network.layers]]
kind = "dense"
name = "out"
units = "classes"
)")
               .network;
  using delays = std::vector<std::pair<std::string, uint32_t>>;
  CHECK(x.layers[0].delays == delays{{"few", 1}, {"out", 2}});
  CHECK(x.layers[0].sparse
        == sparsity{7, connection_pattern::clustered, 5, 0.75, 9});
  CHECK(x.layers[1].delays.empty());
  CHECK(x.layers[1].sparse == sparsity{});
}

TEST_CASE("every key of [data], [cluster] and [store] arrives") {
  auto x = parsed(R"([data]
path = "d"
format = "idx"
images = "i"
labels = "l"
validation = 0.25
[cluster]
nodes = 5
devices = 2
addresses = ["10.0.0.1:4242", "[::1]:4243"]
connect_timeout_ms = 100
device = "gpu"
lease_ms = 1500
step_timeout_ms = 200
certificate = "c"
key = "k"
authority = "a"
[store]
path = "m"
keep = 9
every = 25
)");
  CHECK(x.data.kind == data_settings::format::idx);
  CHECK(x.data.images == "i");
  CHECK(x.data.labels == "l");
  CHECK(x.data.validation == 0.25);
  CHECK(x.cluster.nodes == 5);
  CHECK(x.cluster.devices == 2);
  CHECK(x.cluster.addresses
        == std::vector<std::string>{"10.0.0.1:4242", "[::1]:4243"});
  CHECK(x.cluster.connect_timeout_ms == 100);
  CHECK(x.cluster.device == device_kind::gpu);
  CHECK(x.cluster.lease_ms == 1500);
  CHECK(x.cluster.step_timeout_ms == 200);
  CHECK(x.cluster.who.certificate == "c");
  CHECK(x.cluster.who.key == "k");
  CHECK(x.cluster.who.authority == "a");
  CHECK(x.store.path == "m");
  CHECK(x.store.keep == 9);
  CHECK(x.store.every == 25);
  // A part for each node that is there.
  CHECK(x.distribute.parts == 2);
}

TEST_CASE("layers are described in order, with names made up where missing") {
  auto x = parsed(minimal + R"([network]
loss = "mean_squared_error"
[[network.layers]]
kind = "embedding"
units = 24
[[network.layers]]
name = "hidden"
kind = "dense"
units = 256
activation = "gelu"
[[network.layers]]
kind = "dense"
units = "classes"
inputs = ["embedding1", "hidden"]
)")
               .network;
  CHECK(x.loss == layer_kind::mean_squared_error);
  REQUIRE(x.layers.size() == 3);
  CHECK(x.layers[0].name == "embedding1");
  CHECK(x.layers[0].kind == layer_kind::embedding);
  CHECK(x.layers[0].units == 24);
  CHECK(x.layers[1].name == "hidden");
  CHECK(x.layers[1].act == activation::gelu);
  CHECK(to_string(x.layers[1].where) == "x.toml:8:1");
  CHECK(x.layers[2].name == "dense3");
  CHECK(x.layers[2].units == 0);
  CHECK(x.layers[2].inputs == std::vector<std::string>{"embedding1", "hidden"});
}
