#include "nnactor/codec/network_codec.hpp"

#include "nnactor/network/layout.hpp"

#include <algorithm>

namespace nnactor {

namespace {

void write(schema::Layer::Builder out, const layer& x) {
  out.setName(x.name);
  out.setLabel(x.label);
  out.setKind(static_cast<uint8_t>(x.kind));
  out.setActivation(static_cast<uint8_t>(x.act));
  out.setUnits(x.units);
  out.setPositions(x.positions);
  out.setWidth(x.width);
  out.setTokens(x.tokens);
  out.setRowWidth(x.row_width);
  out.setBias(x.bias);
  out.setFirst(x.first);
  auto inputs = out.initInputs(static_cast<unsigned>(x.inputs.size()));
  for (unsigned i = 0; i < inputs.size(); ++i)
    inputs.set(i, x.inputs[i]);
  auto delays = out.initDelays(static_cast<unsigned>(x.delays.size()));
  for (unsigned i = 0; i < delays.size(); ++i)
    delays.set(i, x.delays[i]);
  out.setDegree(x.sparse.degree);
  out.setPattern(static_cast<uint8_t>(x.sparse.pattern));
  out.setClusters(x.sparse.clusters);
  out.setInside(x.sparse.inside);
  out.setPatternSeed(x.sparse.seed);
}

/// Takes the fields as they are; only numbers of enums are checked here.
result<layer> read(schema::Layer::Reader in) {
  layer x;
  x.name = in.getName().cStr();
  x.label = in.getLabel().cStr();
  if (in.getKind() > static_cast<uint8_t>(layer_kind::sparse))
    return fail(ec::invalid_network, "layer '{}': {} is no kind of layer",
                x.name, in.getKind());
  if (in.getActivation() > static_cast<uint8_t>(activation::sigmoid))
    return fail(ec::invalid_network, "layer '{}': {} is no activation", x.name,
                in.getActivation());
  if (in.getPattern() > static_cast<uint8_t>(connection_pattern::clustered))
    return fail(ec::invalid_network, "layer '{}': {} is no pattern", x.name,
                in.getPattern());
  x.kind = static_cast<layer_kind>(in.getKind());
  x.act = static_cast<activation>(in.getActivation());
  x.units = in.getUnits();
  x.positions = in.getPositions();
  x.width = in.getWidth();
  x.tokens = in.getTokens();
  x.row_width = in.getRowWidth();
  x.bias = in.getBias();
  x.first = in.getFirst();
  for (auto input : in.getInputs())
    x.inputs.push_back(input);
  for (auto delay : in.getDelays())
    x.delays.push_back(delay);
  x.sparse = {.degree = in.getDegree(),
              .pattern = static_cast<connection_pattern>(in.getPattern()),
              .clusters = in.getClusters(),
              .inside = in.getInside(),
              .seed = in.getPatternSeed()};
  return x;
}

/// Whether the fields that follow from others are what they must be.
bool same_layout(const layer& x, const layer& y) {
  return x.positions == y.positions && x.width == y.width
         && x.tokens == y.tokens && x.row_width == y.row_width
         && x.bias == y.bias && x.first == y.first;
}

/// Checks that sets are disjoint and together hold the neurons [0, count).
caf::error check_exactly_once(const partition& parts, uint64_t count) {
  std::vector<neuron_interval> all;
  for (const auto& part : parts.parts)
    all.insert(all.end(), part.intervals().begin(), part.intervals().end());
  std::ranges::sort(all, {}, &neuron_interval::begin);
  neuron_id next = 0;
  for (const auto& x : all) {
    if (x.begin > next)
      return fail(ec::invalid_partition, "neuron {} is in no part", next);
    if (x.begin < next)
      return fail(ec::invalid_partition, "neuron {} is in two parts", x.begin);
    next = x.end;
  }
  if (next != count)
    return fail(ec::invalid_partition,
                "the parts end at neuron {}, the network has {}", next, count);
  return {};
}

} // namespace

void write(schema::NeuronSet::Builder out, const neuron_set& xs) {
  const auto& from = xs.intervals();
  auto intervals = out.initIntervals(static_cast<unsigned>(from.size()));
  for (unsigned i = 0; i < intervals.size(); ++i) {
    intervals[i].setBegin(from[i].begin);
    intervals[i].setEnd(from[i].end);
  }
}

result<neuron_set> read(schema::NeuronSet::Reader in) {
  std::vector<neuron_interval> intervals;
  for (auto x : in.getIntervals()) {
    neuron_interval next{x.getBegin(), x.getEnd()};
    auto ordered = intervals.empty() || next.begin > intervals.back().end;
    if (next.begin >= next.end || !ordered || next.end > most_neurons)
      return fail(ec::invalid_partition,
                  "neurons from {} to before {} do not continue a sorted set",
                  next.begin, next.end);
    intervals.push_back(next);
  }
  return neuron_set{std::move(intervals)};
}

void write(schema::Network::Builder out, const network& net) {
  auto layers = out.initLayers(static_cast<unsigned>(net.layers.size()));
  for (unsigned i = 0; i < layers.size(); ++i)
    write(layers[i], net.layers[i]);
  out.setTimeSteps(net.time_steps);
}

result<network> read(schema::Network::Reader in) {
  network net;
  net.time_steps = in.getTimeSteps();
  if (in.getLayers().size() > most_layers)
    return fail(ec::invalid_network, "{} layers are more than {}",
                in.getLayers().size(), most_layers);
  for (auto from : in.getLayers()) {
    auto x = read(from);
    if (!x)
      return x.error();
    net.layers.push_back(std::move(*x));
  }
  auto expected = net;
  if (auto wrong = lay_out(expected)) {
    auto known = wrong->layer < net.layers.size();
    return fail(ec::invalid_network, "layer '{}': {}",
                known ? net.layers[wrong->layer].name : "", wrong->what);
  }
  for (size_t i = 0; i < net.layers.size(); ++i)
    if (!same_layout(net.layers[i], expected.layers[i]))
      return fail(ec::invalid_network,
                  "layer '{}': its shape is not the one that follows from its "
                  "inputs and units",
                  net.layers[i].name);
  return net;
}

void write(schema::Partition::Builder out, const partition& parts) {
  auto sets = out.initParts(static_cast<unsigned>(parts.parts.size()));
  for (unsigned i = 0; i < sets.size(); ++i)
    write(sets[i], parts.parts[i]);
}

result<partition> read(schema::Partition::Reader in, const network& net) {
  partition parts;
  for (auto from : in.getParts()) {
    auto part = read(from);
    if (!part)
      return part.error();
    if (part->empty())
      return fail(ec::invalid_partition, "part {} has no neurons",
                  parts.parts.size());
    parts.parts.push_back(std::move(*part));
  }
  if (auto err = check_exactly_once(parts, net.neuron_count()))
    return err;
  return parts;
}

} // namespace nnactor
