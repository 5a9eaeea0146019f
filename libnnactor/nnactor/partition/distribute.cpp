#include "nnactor/partition/connectivity.hpp"
#include "nnactor/partition/scope.hpp"

namespace nnactor {

namespace {

std::vector<scope> scopes_of(const network& net, bool per_layer) {
  if (!per_layer)
    return {{{0, net.neuron_count()}, "the network", 0}};
  std::vector<scope> scopes;
  for (const auto& x : net.layers)
    if (x.units > 0)
      scopes.push_back({{x.first, x.first + x.units},
                        fmt::format("layer '{}'", x.name),
                        scopes.size() + 1});
  return scopes;
}

/// Splits one scope by the mechanisms that know no layers.
result<std::vector<neuron_set>> split(const scope& of,
                                      const distribution& how) {
  if (how.how == mechanism::ids)
    return listed(of, how);
  auto counts = counts_of(of, how);
  if (!counts)
    return counts.error();
  return take(of, how, *counts);
}

caf::error check_shape(const network& net, const distribution& how) {
  auto place = to_string(how.where);
  auto counted =
      how.how == mechanism::even || how.how == mechanism::connectivity;
  auto by_layer = how.how == mechanism::layers || how.how == mechanism::types;
  auto parts = counted ? how.parts : how.shares.size();
  if (parts == 0)
    return fail(ec::invalid_partition,
                "{}: the neurons must go to at least one part", place);
  if (parts > net.neuron_count())
    return fail(ec::invalid_partition,
                "{}: {} parts are more than the {} neurons of the network",
                place, parts, net.neuron_count());
  if (by_layer && how.per_layer)
    return fail(ec::invalid_partition,
                "{}: per_layer cannot be combined with whole layers; remove "
                "one of the two",
                place);
  if (how.how == mechanism::capacity && !how.per_layer)
    return fail(ec::invalid_partition,
                "{}: by capacity, every layer is split; remove per_layer = "
                "false",
                place);
  if (how.how == mechanism::connectivity && how.per_layer)
    return fail(ec::invalid_partition,
                "{}: by connectivity, the network is split as a whole; remove "
                "per_layer = true",
                place);
  return {};
}

/// By the mechanisms that go layer by layer or take all neurons as one list.
result<partition> by_scopes(const network& net, const distribution& how) {
  std::vector<std::vector<neuron_set>> pieces_of(
      how.how == mechanism::even ? how.parts : how.shares.size());
  for (const auto& of : scopes_of(net, how.per_layer)) {
    auto pieces = split(of, how);
    if (!pieces)
      return pieces.error();
    for (size_t i = 0; i < pieces_of.size(); ++i)
      pieces_of[i].push_back(std::move((*pieces)[i]));
  }
  partition out;
  for (const auto& pieces : pieces_of)
    out.parts.push_back(unite_all(pieces));
  return out;
}

result<partition> by_layers(const network& net, const distribution& how) {
  auto parts = whole_layers(net, how);
  if (!parts)
    return parts.error();
  return partition{std::move(*parts)};
}

result<partition> make_parts(const network& net, const distribution& how) {
  switch (how.how) {
  case mechanism::connectivity:
    return split_by_connectivity(net, how.parts, how.seed);
  case mechanism::layers:
  case mechanism::types:
    return by_layers(net, how);
  default:
    return by_scopes(net, how);
  }
}

} // namespace

std::string place_of(const distribution& how, size_t part) {
  const auto& where =
      part < how.shares.size() ? how.shares[part].where : how.where;
  return fmt::format("{}: part {}", to_string(where), part);
}

result<partition> distribute(const network& net, const distribution& how) {
  if (auto err = check_shape(net, how))
    return err;
  if (how.how == mechanism::capacity) {
    auto shares = percentages_of(net, how);
    return shares ? distribute(net, *shares)
                  : result<partition>{shares.error()};
  }
  auto out = make_parts(net, how);
  if (!out)
    return out;
  for (size_t i = 0; i < out->parts.size(); ++i)
    if (out->parts[i].empty())
      return fail(ec::invalid_partition,
                  "{} gets no neurons; give it some or remove it",
                  place_of(how, i));
  return out;
}

} // namespace nnactor
