#include "nnactor/partition/scope.hpp"

namespace nnactor {

namespace {

std::vector<scope> scopes_of(const network& net, bool per_layer) {
  if (!per_layer)
    return {{{0, net.neuron_count()}, "the network", 0}};
  std::vector<scope> scopes;
  for (const auto& x : net.layers)
    if (has_neurons(x.kind))
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
  auto even = how.how == mechanism::even;
  auto parts = even ? how.parts : how.shares.size();
  if (parts == 0)
    return fail(ec::invalid_partition,
                "{}: the neurons must go to at least one part", place);
  if (parts > net.neuron_count())
    return fail(ec::invalid_partition,
                "{}: {} parts are more than the {} neurons of the network",
                place, parts, net.neuron_count());
  if (how.how == mechanism::layers && how.per_layer)
    return fail(ec::invalid_partition,
                "{}: per_layer cannot be combined with whole layers; remove "
                "one of the two",
                place);
  return {};
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
  partition result;
  if (how.how == mechanism::layers) {
    auto parts = whole_layers(net, how);
    if (!parts)
      return parts.error();
    result.parts = std::move(*parts);
  } else {
    result.parts.resize(how.how == mechanism::even ? how.parts
                                                   : how.shares.size());
    for (const auto& of : scopes_of(net, how.per_layer)) {
      auto pieces = split(of, how);
      if (!pieces)
        return pieces.error();
      for (size_t i = 0; i < result.parts.size(); ++i)
        result.parts[i] = unite(result.parts[i], (*pieces)[i]);
    }
  }
  for (size_t i = 0; i < result.parts.size(); ++i)
    if (result.parts[i].empty())
      return fail(ec::invalid_partition,
                  "{} gets no neurons; give it some or remove it",
                  place_of(how, i));
  return result;
}

} // namespace nnactor
