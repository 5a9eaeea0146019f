#include "nnactor/counting.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

share by_speed(double speed, uint64_t memory = 0) {
  share out;
  out.speed = speed;
  out.memory = memory;
  return out;
}

distribution by_speeds(std::vector<share> shares) {
  distribution out;
  out.how = mechanism::capacity;
  out.per_layer = true;
  out.shares = std::move(shares);
  return out;
}

network wide() {
  network_description what;
  what.layers = {line(1, "a", layer_kind::dense, 100),
                 line(2, "b", layer_kind::dense, 300),
                 line(3, "c", layer_kind::dense, 0)};
  return must(build_network(what, {50, 0, 60}));
}

uint64_t parameters(const network& net, const neuron_set& part) {
  uint64_t out = 0;
  for (auto& l : net.layers)
    out += intersect(part, l.neurons()).size() * (l.row_width + l.bias);
  return out;
}

} // namespace

TEST_CASE("a node that is three times as fast gets three times as much") {
  auto net = wide();
  auto parts = must(distribute(net, by_speeds({by_speed(3), by_speed(1)})));
  for (auto& l : net.layers)
    if (l.units > 0)
      CHECK(intersect(parts.parts[0], l.neurons()).size() == l.units * 3 / 4);
}

TEST_CASE("parts take what fits their memory and no neuron is lost") {
  auto net = wide();
  CHECK(rc::check([&] {
    std::vector<share> shares;
    for (int i = *rc::gen::inRange(1, 6); i > 0; --i)
      shares.push_back(by_speed(*rc::gen::inRange(1, 100),
                                *rc::gen::inRange<uint64_t>(0, 1'000'000)));
    auto how = by_speeds(shares);
    auto parts = distribute(net, how);
    if (!parts)
      return RC_ASSERT(code_of(parts.error()) == ec::invalid_partition);
    uint64_t neurons = 0;
    for (size_t i = 0; i < shares.size(); ++i) {
      auto& part = parts->parts[i];
      neurons += part.size();
      if (shares[i].memory > 0)
        RC_ASSERT(parameters(net, part) * how.bytes_per_parameter
                  <= shares[i].memory);
    }
    RC_ASSERT(neurons == net.neuron_count());
  }));
}

TEST_CASE("what fits nowhere is refused with both numbers") {
  auto net = wide();
  auto text = sentence(
      distribute(net, by_speeds({by_speed(1, 100'000), by_speed(1, 100'000)})));
  auto need = net.parameter_count() * 28;
  CHECK(text.find(fmt::format("need {} bytes", format_count(need)))
        != std::string::npos);
  CHECK(text.find("add nodes or memory") != std::string::npos);
}

TEST_CASE("layers go by kind or label") {
  network_description what;
  what.layers = {line(1, "e", layer_kind::embedding, 3),
                 line(2, "x", layer_kind::dense, 7),
                 line(3, "y", layer_kind::dense, 4),
                 line(4, "out", layer_kind::dense, 0)};
  what.layers[1].label = what.layers[2].label = "body";
  what.layers[3].label = "head";
  auto net = must(build_network(what, {4, 5, 5}));
  distribution how;
  how.how = mechanism::types;
  how.shares.resize(2);
  how.shares[0].types = {"embedding", "head"};
  how.shares[1].types = {"body"};
  auto parts = must(distribute(net, how));
  CHECK(parts.parts[0]
        == unite(net.layers[1].neurons(), net.layers[4].neurons()));
  CHECK(parts.parts[1]
        == unite(net.layers[2].neurons(), net.layers[3].neurons()));
  how.shares[1].types = {"boddy"};
  CHECK(sentence(distribute(net, how)).find("did you mean 'body'")
        != std::string::npos);
  how.shares[1].types = {"dense"};
  CHECK(sentence(distribute(net, how)).find("layer 'out' is already in")
        != std::string::npos);
  how.shares[1].types = {"head"};
  CHECK(!sentence(distribute(net, how)).empty());
}
