#include "nnactor/codec/network_codec.hpp"

#include "nnactor/network/layout.hpp"

#include <algorithm>
#include <tuple>

namespace nnactor {

namespace {

/// A partition of more neurons is not listed neuron by neuron to be checked.
constexpr uint64_t most_listed = uint64_t{1} << 28;

void write_attention(schema::Layer::Builder out, const attention_settings& x) {
  out.setHeadSize(x.head_size);
  out.setQueries(x.queries);
  out.setCausal(x.causal);
  out.setWindow(x.window);
  out.setRotaryBase(x.rotary_base);
  out.setRotaryScale(x.rotary_scale);
  out.setHeadNorm(static_cast<uint8_t>(x.head_norm));
}

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
  out.setNorm(static_cast<uint8_t>(x.norm.kind));
  out.setNormEpsilon(x.norm.epsilon);
  write_attention(out, x.attention);
  out.setGated(x.gated);
  out.setByPosition(x.by_position);
  out.setDropout(x.dropout);
  out.setTied(x.tied);
}

attention_settings read_attention(schema::Layer::Reader in) {
  return {.head_size = in.getHeadSize(),
          .queries = in.getQueries(),
          .causal = in.getCausal(),
          .window = in.getWindow(),
          .rotary_base = in.getRotaryBase(),
          .rotary_scale = in.getRotaryScale(),
          .head_norm = static_cast<norm_kind>(in.getHeadNorm())};
}

/// Takes the fields as they are; only numbers of enums are checked here.
result<layer> read(schema::Layer::Reader in) {
  layer x;
  x.name = in.getName().cStr();
  x.label = in.getLabel().cStr();
  if (in.getKind() > static_cast<uint8_t>(layer_kind::norm))
    return fail(ec::invalid_network, "layer '{}': {} is no kind of layer",
                x.name, in.getKind());
  if (in.getActivation() > static_cast<uint8_t>(activation::silu))
    return fail(ec::invalid_network, "layer '{}': {} is no activation", x.name,
                in.getActivation());
  if (in.getPattern() > static_cast<uint8_t>(connection_pattern::clustered))
    return fail(ec::invalid_network, "layer '{}': {} is no pattern", x.name,
                in.getPattern());
  for (auto norm : {in.getNorm(), in.getHeadNorm()})
    if (norm > static_cast<uint8_t>(norm_kind::layer))
      return fail(ec::invalid_network, "layer '{}': {} is no norm", x.name,
                  norm);
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
  x.norm = {static_cast<norm_kind>(in.getNorm()), in.getNormEpsilon()};
  x.attention = read_attention(in);
  x.gated = in.getGated();
  x.by_position = in.getByPosition();
  x.dropout = in.getDropout();
  x.tied = in.getTied();
  return x;
}

/// Whether the fields that follow from others are what they must be.
bool same_layout(const layer& x, const layer& y) {
  return x.positions == y.positions && x.width == y.width
         && x.tokens == y.tokens && x.row_width == y.row_width
         && x.bias == y.bias && x.first == y.first;
}

caf::error in_no_part(neuron_id id) {
  return fail(ec::invalid_partition, "neuron {} is in no part", id);
}

caf::error in_two_parts(neuron_id id) {
  return fail(ec::invalid_partition, "neuron {} is in two parts", id);
}

/// Checks that sets are disjoint and together hold the neurons [0, count).
caf::error check_exactly_once(const std::vector<neuron_interval>& sorted,
                              uint64_t count) {
  neuron_id next = 0;
  for (const auto& x : sorted) {
    if (x.begin != next)
      return x.begin > next ? in_no_part(next) : in_two_parts(x.begin);
    next = x.end;
  }
  if (next != count)
    return fail(ec::invalid_partition,
                "the parts end at neuron {}, the network has {}", next, count);
  return {};
}

/// Replaces shuffled intervals that fill a domain by the domain. Returns
/// whether all of them do; those of a part that lost or won single neurons do
/// not.
bool fill_domains(std::vector<shuffled_interval> shuffled,
                  std::vector<neuron_interval>& all) {
  std::ranges::sort(shuffled, {}, [](const auto& x) {
    return std::tuple{x.domain.begin, x.domain.end, x.key, x.ranks.begin};
  });
  for (size_t i = 0; i < shuffled.size();) {
    const auto& domain = shuffled[i].domain;
    uint64_t next = 0;
    for (auto key = shuffled[i].key;
         i < shuffled.size() && shuffled[i].domain == domain
         && shuffled[i].key == key && shuffled[i].ranks.begin == next;
         ++i)
      next = shuffled[i].ranks.end;
    if (next != domain.size())
      return false;
    all.push_back(domain);
  }
  return true;
}

caf::error check_exactly_once(const partition& parts, uint64_t count) {
  uint64_t neurons = 0;
  std::vector<neuron_interval> all;
  std::vector<shuffled_interval> shuffled;
  for (const auto& part : parts.parts) {
    neurons += part.size();
    all.insert(all.end(), part.plain().begin(), part.plain().end());
    shuffled.insert(shuffled.end(), part.shuffled().begin(),
                    part.shuffled().end());
  }
  if (neurons <= most_listed && !fill_domains(std::move(shuffled), all)) {
    all.clear();
    for (const auto& part : parts.parts)
      all.insert(all.end(), part.intervals().begin(), part.intervals().end());
  }
  std::ranges::sort(all, {}, &neuron_interval::begin);
  return check_exactly_once(all, count);
}

caf::error check_shuffled(const shuffled_interval& x) {
  if (x.domain.begin < x.domain.end && x.domain.end <= most_neurons
      && x.ranks.begin < x.ranks.end && x.ranks.end <= x.domain.size())
    return {};
  return fail(ec::invalid_partition,
              "ranks from {} to before {} are no share of the neurons from {} "
              "to before {}",
              x.ranks.begin, x.ranks.end, x.domain.begin, x.domain.end);
}

} // namespace

void write(schema::NeuronSet::Builder out, const neuron_set& xs) {
  const auto& from = xs.plain();
  auto intervals = out.initIntervals(static_cast<unsigned>(from.size()));
  for (unsigned i = 0; i < intervals.size(); ++i) {
    intervals[i].setBegin(from[i].begin);
    intervals[i].setEnd(from[i].end);
  }
  auto shuffled = out.initShuffled(static_cast<unsigned>(xs.shuffled().size()));
  for (unsigned i = 0; i < shuffled.size(); ++i) {
    const auto& x = xs.shuffled()[i];
    shuffled[i].setBegin(x.domain.begin);
    shuffled[i].setEnd(x.domain.end);
    shuffled[i].setKey(x.key);
    shuffled[i].setFirstRank(x.ranks.begin);
    shuffled[i].setEndRank(x.ranks.end);
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
  std::vector<shuffled_interval> shuffled;
  for (auto x : in.getShuffled()) {
    shuffled.push_back({{x.getBegin(), x.getEnd()},
                        x.getKey(),
                        {x.getFirstRank(), x.getEndRank()}});
    if (auto err = check_shuffled(shuffled.back()))
      return err;
  }
  if (!neuron_set::are_apart(intervals, shuffled))
    return fail(ec::invalid_partition, "a set has neurons twice");
  return neuron_set::of(std::move(intervals), std::move(shuffled));
}

void write(schema::Network::Builder out, const network& net) {
  auto layers = out.initLayers(static_cast<unsigned>(net.layers.size()));
  for (unsigned i = 0; i < layers.size(); ++i)
    write(layers[i], net.layers[i]);
  out.setTimeSteps(net.time_steps);
  out.setContext(net.context);
}

result<network> read(schema::Network::Reader in) {
  network net;
  net.time_steps = in.getTimeSteps();
  net.context = in.getContext();
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
