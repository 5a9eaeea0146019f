#include "nnactor/codec/network_codec.hpp"

#include "nnactor/codec/message.hpp"
#include "support/mutate.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr auto not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr auto infinity = std::numeric_limits<float>::infinity();

template <class Schema, class T>
std::vector<std::byte> packed(const T& x) {
  capnp::MallocMessageBuilder message;
  write(message.initRoot<Schema>(), x);
  return to_bytes(message);
}

/// Reads a message whose root is a `Schema`; more arguments go to `read`.
template <class Schema, class... Ts>
auto unpacked(std::span<const std::byte> bytes, const Ts&... xs)
    -> decltype(read(std::declval<typename Schema::Reader>(), xs...)) {
  using outcome =
      decltype(read(std::declval<typename Schema::Reader>(), xs...));
  std::optional<outcome> out;
  auto err = with_message(bytes, ec::protocol_violation,
                          [&](capnp::MessageReader& message) -> caf::error {
                            out.emplace(read(message.getRoot<Schema>(), xs...));
                            return {};
                          });
  if (err)
    return err;
  return std::move(*out);
}

/// The sentence with which a network is refused after a change.
template <class Change>
std::string network_complaint(Change change,
                              network net = small_language_model()) {
  change(net);
  return sentence(unpacked<schema::Network>(packed<schema::Network>(net)));
}

/// The same of the first layer of a kind in a transformer that has all of
/// them: learnt positions, attention, an mlp.
template <class Change>
std::string complaint_of(layer_kind kind, Change change) {
  return network_complaint(
      [&](network& net) {
        change(*std::ranges::find(net.layers, kind, &layer::kind));
      },
      small_gpt(1));
}

template <class Change>
std::string settings_complaint(Change change) {
  train_settings how;
  change(how);
  return sentence(
      unpacked<schema::TrainSettings>(packed<schema::TrainSettings>(how)));
}

} // namespace

TEST_CASE("networks, partitions and settings survive the way") {
  CHECK(rc::check("what is read writes the same bytes", [] {
    auto net = any_network();
    auto bytes = packed<schema::Network>(net);
    auto copy = unpacked<schema::Network>(bytes);
    RC_LOG() << sentence(copy);
    RC_ASSERT(static_cast<bool>(copy));
    RC_ASSERT(packed<schema::Network>(*copy) == bytes);
    RC_ASSERT(copy->parameter_count() == net.parameter_count());
    auto parts = any_partition(net);
    auto same =
        unpacked<schema::Partition>(packed<schema::Partition>(parts), net);
    RC_ASSERT(static_cast<bool>(same));
    RC_ASSERT(same->parts == parts.parts);
  }));
  train_settings how;
  how.seed = UINT64_MAX;
  how.batch = 96;
  how.micro_batches = 4;
  how.optimizer.kind = optimizer_kind::adamw;
  how.schedule = {schedule_kind::cosine, 0.5f, 0.25f, 10, 2000};
  auto bytes = packed<schema::TrainSettings>(how);
  auto copy = must(unpacked<schema::TrainSettings>(bytes));
  CHECK(copy.seed == UINT64_MAX);
  CHECK(copy.schedule.final_rate == 0.25f);
  CHECK(packed<schema::TrainSettings>(copy) == bytes);
}

TEST_CASE("a network that does not hold together is refused") {
  CHECK(network_complaint([](network&) {}).empty());
  CHECK(network_complaint([](network& net) { net.layers[2].width = 8; })
        == "layer 'first': its shape is not the one that follows from its "
           "inputs and units");
  CHECK(network_complaint([](network& net) {
          net.layers[3].first = 4;
        }).starts_with("layer 'second': its shape"));
  CHECK(network_complaint([](network& net) { net.layers[2].inputs = {3}; })
        == "layer 'first': it reads 'second' at once; a connection to a later "
           "layer needs a delay");
  CHECK(network_complaint([](network& net) { net.layers[2].inputs = {99}; })
        == "layer 'first': it reads a layer that there is not");
  CHECK(network_complaint([](network& net) {
          net.layers[2].delays = {1, 1};
        })
        == "layer 'first': it has 2 delays for 1 inputs");
  CHECK(network_complaint([](network& net) { net.time_steps = 0; })
        == "layer 'input': an example has 1 to 65536 time steps, found 0");
  CHECK(network_complaint([](network& net) {
          net.layers[2].kind = static_cast<layer_kind>(12);
        })
        == "layer 'first': 12 is no kind of layer");
  CHECK(network_complaint([](network& net) {
          net.layers[2].act = static_cast<activation>(6);
        })
        == "layer 'first': 6 is no activation");
  CHECK(network_complaint([](network& net) {
          net.layers[2].units = UINT64_MAX;
        }).starts_with("layer 'first': 18446744073709551615 units"));
  CHECK(network_complaint([](network& net) {
          net.layers.pop_back();
        }).starts_with("layer 'out': "));
  CHECK(network_complaint([](network& net) { net.layers.clear(); })
            .ends_with("a network needs at least one layer between input and "
                       "loss"));
  CHECK(network_complaint([](network& net) { net.layers[3].name = "first"; })
        == "layer 'first': another layer has the same name");
  CHECK(network_complaint([](network& net) {
          net.layers[0].tokens = 1ull << 31;
        }).starts_with("layer 'input': 2147483648 tokens"));
}

TEST_CASE("all that is of a transformer survives the way") {
  CHECK(rc::check("what is read is what was written", [] {
    auto net = any_transformer();
    for (auto& x : net.layers)
      if (x.kind == layer_kind::stream)
        x.dropout = *rc::gen::element(0.0, 0.1, 0.5);
    auto copy = unpacked<schema::Network>(packed<schema::Network>(net));
    RC_LOG() << sentence(copy);
    RC_ASSERT(static_cast<bool>(copy));
    RC_ASSERT(copy->layers == net.layers);
    RC_ASSERT(copy->context == net.context);
    auto parts = any_partition(net);
    auto same =
        unpacked<schema::Partition>(packed<schema::Partition>(parts), net);
    RC_ASSERT(static_cast<bool>(same));
    RC_ASSERT(same->parts == parts.parts);
  }));
}

TEST_CASE("a transformer that does not hold together is refused") {
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
  using enum layer_kind;
  CHECK(complaint_of(stream, [](layer&) {}).empty());
  auto shape = [](const char* name) {
    return fmt::format("layer '{}': its shape is not the one that follows from "
                       "its inputs and units",
                       name);
  };
  CHECK(complaint_of(stream, [](layer& x) { x.width = 25; })
        == shape("stream0"));
  CHECK(complaint_of(stream, [](layer& x) { x.row_width = 1; })
        == shape("stream0"));
  CHECK(complaint_of(attention, [](layer& x) { x.width = 25; })
        == shape("attention0"));
  CHECK(complaint_of(attention, [](layer& x) { x.row_width = 23; })
        == shape("attention0"));
  CHECK(complaint_of(mlp, [](layer& x) { x.positions = 2; }) == shape("mlp1"));
  CHECK(complaint_of(vocabulary, [](layer& x) { x.bias = true; })
        == shape("vocabulary"));
  CHECK(complaint_of(table, [](layer& x) { x.tokens = 11; })
        == shape("tokens"));
  CHECK(complaint_of(table, [](layer& x) { x.width = 23; })
        == "layer 'stream0': it has 24 coordinates, but 'tokens' gives 23 "
           "values");
  CHECK(complaint_of(stream,
                     [](layer& x) { x.norm.kind = static_cast<norm_kind>(3); })
        == "layer 'stream0': 3 is no norm");
  CHECK(complaint_of(attention,
                     [](layer& x) {
                       x.attention.head_norm = static_cast<norm_kind>(255);
                     })
        == "layer 'attention0': 255 is no norm");
  CHECK(complaint_of(attention,
                     [](layer& x) { x.attention.head_norm = norm_kind::layer; })
        == "layer 'attention0': the norm of a head is rms or none");
  CHECK(complaint_of(stream, [](layer& x) { x.norm.epsilon = nan; })
        == "layer 'stream0': the epsilon of a norm is between 0 and 1, found "
           "nan");
  CHECK(complaint_of(stream, [](layer& x) { x.dropout = nan; })
        == "layer 'stream0': dropout is at least 0 and below 1, found nan");
  CHECK(complaint_of(attention, [](layer& x) { x.attention.rotary_base = nan; })
        == "layer 'attention0': the base of rotary positions is above 1, found "
           "nan");
  CHECK(complaint_of(attention,
                     [](layer& x) {
                       x.attention.head_size = UINT64_MAX / 2;
                       x.attention.queries = 4;
                     })
        == "layer 'attention0': attention needs the size of a head");
  CHECK(complaint_of(attention, [](layer& x) {
          x.attention.queries = UINT64_MAX;
        }).starts_with("layer 'attention0': 18446744073709551615 query "));
  CHECK(complaint_of(mlp, [](layer& x) {
          x.delays = {1};
        }).starts_with("layer 'mlp1': it reads 'stream1' with a delay"));
  CHECK(complaint_of(mlp, [](layer& x) { x.delays = {0}; })
        == "layer 'mlp1': a layer of kind 'mlp' reads nothing delayed; a "
           "transformer cannot be inside a cycle");
  // Rows of a norm that nobody sends.
  for (auto kind : {input, table, attention, vocabulary, softmax_cross_entropy})
    CHECK(complaint_of(kind, [](layer& x) {
            x.norm.kind = norm_kind::rms;
          }).ends_with("only a stream has a norm and dropout"));
}

/// A transformer of one block with post-norm whose tokens have the rows of the
/// vocabulary.
network tied_post_norm() {
  return small_gpt(1, 24, 4, 8, 11, {.post_norm = true, .tied = true});
}

TEST_CASE("norms and tied tables survive the way") {
  auto net = tied_post_norm();
  auto bytes = packed<schema::Network>(net);
  auto copy = must(unpacked<schema::Network>(bytes));
  CHECK(copy.layers == net.layers);
  CHECK(copy.layers[1].tied);
  CHECK_FALSE(copy.layers[2].tied);
  CHECK(packed<schema::Network>(copy) == bytes);
}

TEST_CASE("what says nothing of tied tables has none") {
  // As short as structs were before there was such a field.
  CHECK_FALSE(schema::Layer::Reader{}.getTied());
}

TEST_CASE("norms and tied tables that do not hold together are refused") {
  using enum layer_kind;
  auto complaint = [](layer_kind kind, auto change) {
    return network_complaint(
        [&](network& net) {
          change(*std::ranges::find(net.layers, kind, &layer::kind));
        },
        tied_post_norm());
  };
  auto shape = [](const char* name) {
    return fmt::format("layer '{}': its shape is not the one that follows from "
                       "its inputs and units",
                       name);
  };
  CHECK(complaint(norm, [](layer&) {}).empty());
  for (auto change : std::vector<void (*)(layer&)>{
           [](layer& x) { x.width = 25; }, [](layer& x) { x.row_width = 0; },
           [](layer& x) { x.positions = 2; }, [](layer& x) { x.bias = true; },
           [](layer& x) { x.first = 0; }})
    CHECK(complaint(norm, change) == shape("carry1"));
  CHECK(complaint(norm, [](layer& x) { x.units = 23; })
        == "layer 'carry1': it has 23 units, but 'stream0' has 24 coordinates");
  CHECK(complaint(norm, [](layer& x) { x.units = 0; })
        == "layer 'carry1': it has no units");
  CHECK(complaint(norm, [](layer& x) { x.inputs = {0}; })
        == "layer 'carry1': a layer of kind 'norm' reads one stream and "
           "nothing else");
  CHECK(complaint(table, [](layer& x) { x.units = 11; })
        == "layer 'tokens': it is tied to the vocabulary, so it has no units "
           "of its own, found 11");
  CHECK(complaint(table, [](layer& x) { x.tied = false; })
        == "layer 'tokens': it has no units");
  CHECK(complaint(table, [](layer& x) { x.row_width = 0; }) == shape("tokens"));
  CHECK(complaint(table, [](layer& x) {
          x.by_position = true;
        }).starts_with("layer 'tokens': a table of positions cannot be tied"));
  CHECK(complaint(vocabulary, [](layer& x) { x.units = 12; })
        == "layer 'tokens': it is tied to the vocabulary 'vocabulary', which "
           "has 12 units, but the data has 11 tokens");
  for (auto kind : {input, attention, vocabulary, softmax_cross_entropy})
    CHECK(complaint(kind, [](layer& x) {
            x.tied = true;
          }).ends_with("only a table can be tied to a vocabulary"));
}

TEST_CASE("a vocabulary that others read is refused") {
  CHECK(complaint_of(layer_kind::softmax_cross_entropy, [](layer& x) {
          x.kind = layer_kind::mean_squared_error;
        }).starts_with("layer 'loss': mean_squared_error cannot read"));
}

TEST_CASE("sequences that there cannot be are refused") {
  auto complaint = [](uint32_t context, uint32_t time_steps) {
    return network_complaint(
        [&](network& net) {
          net.context = context;
          net.time_steps = time_steps;
        },
        small_gpt(1));
  };
  CHECK(complaint(8, 1).empty());
  CHECK(complaint(7, 1).empty());
  CHECK(complaint(9, 1)
        == "layer 'positions': it has 8 positions, but an example has 9");
  CHECK(complaint(0, 1)
        == "layer 'input': an example has 1 to 65536 positions, found 0");
  CHECK(complaint(UINT32_MAX, 1)
        == "layer 'input': an example has 1 to 65536 positions, found "
           "4294967295");
  CHECK(complaint(8, 2)
        == "layer 'input': an example has several positions or several time "
           "steps, not both");
  CHECK(complaint(1, 2)
        == "layer 'tokens': a layer of kind 'table' reads sequences, not time "
           "steps; see data.time_steps");
}

TEST_CASE("a set that is not sorted or reaches too far is refused") {
  capnp::MallocMessageBuilder message;
  auto set = message.initRoot<schema::NeuronSet>();
  auto intervals = set.initIntervals(2);
  intervals[0].setBegin(4);
  intervals[0].setEnd(9);
  auto complaint = [&](uint64_t begin, uint64_t end) {
    intervals[1].setBegin(begin);
    intervals[1].setEnd(end);
    return sentence(read(set.asReader()));
  };
  CHECK(complaint(10, 11).empty());
  CHECK_FALSE(complaint(9, 11).empty());  // adjacent
  CHECK_FALSE(complaint(8, 11).empty());  // overlapping
  CHECK_FALSE(complaint(0, 2).empty());   // not sorted
  CHECK_FALSE(complaint(12, 12).empty()); // empty
  CHECK_FALSE(complaint(13, 12).empty()); // backwards
  CHECK_FALSE(complaint(13, UINT64_MAX).empty());
}

TEST_CASE("a share of a shuffled range is as long as it must be on a wire") {
  auto [left, right] =
      deal(neuron_set::range(0, 1'000'000'000), 300'000'000, 5);
  auto bytes = packed<schema::NeuronSet>(left);
  CHECK(bytes.size() < 100);
  auto copy = unpacked<schema::NeuronSet>(bytes);
  REQUIRE(copy);
  CHECK(copy->shuffled() == left.shuffled());
}

TEST_CASE("a share that is none, or has neurons twice, is refused") {
  capnp::MallocMessageBuilder message;
  auto set = message.initRoot<schema::NeuronSet>();
  auto shares = set.initShuffled(2);
  auto put = [&](unsigned i, shuffled_interval x) {
    shares[i].setBegin(x.domain.begin);
    shares[i].setEnd(x.domain.end);
    shares[i].setKey(x.key);
    shares[i].setFirstRank(x.ranks.begin);
    shares[i].setEndRank(x.ranks.end);
  };
  auto complaint = [&](shuffled_interval x) {
    put(0, {{10, 20}, 3, {2, 5}});
    put(1, x);
    return sentence(read(set.asReader()));
  };
  CHECK(complaint({{10, 20}, 3, {5, 10}}).empty());
  CHECK(complaint({{20, 30}, 4, {5, 10}}).empty());
  CHECK(complaint({{20, 30}, 4, {5, 11}})
        == "ranks from 5 to before 11 are no share of the neurons from 20 to "
           "before 30");
  CHECK_FALSE(complaint({{20, 20}, 4, {0, 0}}).empty());
  CHECK_FALSE(complaint({{20, UINT64_MAX}, 4, {0, 5}}).empty());
  CHECK(complaint({{10, 20}, 3, {4, 10}}) == "a set has neurons twice");
  CHECK(complaint({{10, 20}, 4, {5, 10}}) == "a set has neurons twice");
  CHECK(complaint({{15, 30}, 4, {5, 10}}) == "a set has neurons twice");
}

TEST_CASE("parts must hold every neuron exactly once, shuffled or not") {
  network_description what;
  what.layers = {line(1, "wide", layer_kind::dense, 1000),
                 line(2, "out", layer_kind::dense, 0)};
  auto net = must(build_network(what, {6, 0, 3}));
  auto complaint = [&](std::vector<neuron_set> parts) {
    return sentence(unpacked<schema::Partition>(
        packed<schema::Partition>(partition{std::move(parts)}), net));
  };
  auto share = [](uint64_t first, uint64_t end, uint64_t key = 5) {
    return neuron_set::of({}, {{{0, 1000}, key, {first, end}}});
  };
  auto out = neuron_set::range(1000, 1003);
  CHECK(complaint({unite(share(0, 300), out), share(300, 1000)}).empty());
  CHECK(complaint({unite(share(300, 1000), out), share(0, 300)}).empty());
  // A neuron that has moved since.
  auto id = share(300, 1000).id_at(7);
  auto moved = neuron_set::of({id});
  CHECK(complaint({unite(unite(share(0, 300), out), moved),
                   subtract(share(300, 1000), moved)})
            .empty());
  CHECK(complaint({unite(share(0, 300), out), share(301, 1000)})
            .ends_with("is in no part"));
  CHECK(complaint({unite(share(0, 302), out), share(301, 1000)})
            .ends_with("is in two parts"));
  CHECK_FALSE(
      complaint({unite(share(0, 300), out), share(300, 1000, 6)}).empty());
}

TEST_CASE("parts must hold every neuron exactly once") {
  auto net = small_regression(); // 15 neurons
  auto complaint = [&](std::vector<neuron_set> parts) {
    return sentence(unpacked<schema::Partition>(
        packed<schema::Partition>(partition{std::move(parts)}), net));
  };
  auto range = neuron_set::range;
  CHECK(complaint({range(4, 15), range(0, 4)}).empty());
  CHECK(complaint({range(0, 4), range(5, 15)}) == "neuron 4 is in no part");
  CHECK(complaint({range(0, 6), range(5, 15)}) == "neuron 5 is in two parts");
  CHECK(complaint({range(0, 14)})
        == "the parts end at neuron 14, the network has 15");
  CHECK(complaint({range(0, 15), {}}) == "part 1 has no neurons");
  CHECK_FALSE(complaint({}).empty());
}

TEST_CASE("settings that make no sense are refused") {
  CHECK(settings_complaint([](auto&) {}).empty());
  CHECK(settings_complaint([](auto& x) { x.micro_batches = 3; })
        == "a batch of 128 examples cannot be cut into 3 equal micro-batches");
  CHECK_FALSE(settings_complaint([](auto& x) { x.micro_batches = 0; }).empty());
  CHECK_FALSE(settings_complaint([](auto& x) { x.batch = 0; }).empty());
  CHECK_FALSE(settings_complaint([](auto& x) { x.window = 0; }).empty());
  CHECK_FALSE(settings_complaint([](auto& x) { x.window = 1 << 30; }).empty());
  CHECK_FALSE(settings_complaint([](auto& x) {
                x.schedule.rate = not_a_number;
              }).empty());
  CHECK_FALSE(
      settings_complaint([](auto& x) { x.schedule.final_rate = -1; }).empty());
  CHECK_FALSE(
      settings_complaint([](auto& x) { x.optimizer.clip = infinity; }).empty());
  CHECK_FALSE(
      settings_complaint([](auto& x) { x.optimizer.beta1 = 1; }).empty());
  CHECK_FALSE(settings_complaint([](auto& x) {
                x.schedule.steps = UINT64_MAX;
              }).empty());
  CHECK(settings_complaint(
            [](auto& x) { x.optimizer.kind = static_cast<optimizer_kind>(3); })
        == "3 is no optimizer");
}

TEST_CASE("damaged messages never crash and never give a wrong network") {
  CHECK(rc::check("network", [] {
    auto drawn =
        *rc::gen::arbitrary<bool>() ? any_network() : any_transformer();
    auto bytes = damaged(packed<schema::Network>(drawn));
    auto net = unpacked<schema::Network>(bytes);
    if (net) // whatever was accepted can be used and written again
      RC_ASSERT(static_cast<bool>(
          unpacked<schema::Network>(packed<schema::Network>(*net))));
  }));
  CHECK(rc::check("partition", [] {
    auto net = any_network();
    auto bytes = damaged(packed<schema::Partition>(any_partition(net)));
    auto parts = unpacked<schema::Partition>(bytes, net);
    if (!parts)
      return;
    uint64_t sum = 0;
    for (const auto& x : parts->parts)
      sum += x.size();
    RC_ASSERT(sum == net.neuron_count());
  }));
  CHECK(rc::check("settings", [] {
    auto bytes = damaged(packed<schema::TrainSettings>(train_settings{}));
    auto how = unpacked<schema::TrainSettings>(bytes);
    if (how)
      RC_ASSERT(how->batch % how->micro_batches == 0u);
  }));
}

TEST_CASE("what is no message at all is an error") {
  std::vector<std::byte> junk(64, std::byte{0xff});
  CHECK(sentence(unpacked<schema::Network>(junk))
            .starts_with("malformed message"));
  CHECK(sentence(unpacked<schema::Network>(std::span{junk}.first(13)))
        == "a message of 13 bytes is not whole");
  CHECK(sentence(unpacked<schema::Network>({}))
        == "a message of 0 bytes is not whole");
}
