#include "nnactor/nearest.hpp"
#include "nnactor/partition/scope.hpp"

#include <optional>
#include <string_view>
#include <unordered_map>

namespace nnactor {

namespace {

/// Checks that every id a part lists exists, and returns its neurons.
result<neuron_set> listed_ids(const scope& of, const distribution& how,
                              size_t part) {
  neuron_set all;
  for (const auto& x : how.shares[part].ids) {
    if (x.begin >= x.end)
      return fail(ec::invalid_partition,
                  "{}: the ids from {} to before {} are none; write the "
                  "smaller id first",
                  place_of(how, part), x.begin, x.end);
    auto last = x.end - 1;
    if (last >= of.neurons.size())
      return fail(ec::invalid_partition,
                  "{}: neuron {} is out of range; {} has neurons 0 to {}",
                  place_of(how, part), last, of.name, of.neurons.size() - 1);
    auto ids =
        neuron_set::range(of.neurons.begin + x.begin, of.neurons.begin + x.end);
    if (auto twice = intersect(all, ids); !twice.empty())
      return fail(ec::invalid_partition, "{}: neuron {} of {} is listed twice",
                  place_of(how, part), twice.id_at(0) - of.neurons.begin,
                  of.name);
    all = unite(all, ids);
  }
  return all;
}

std::vector<std::string> names_with_neurons(const network& net) {
  std::vector<std::string> names;
  for (const auto& x : net.layers)
    if (x.units > 0)
      names.push_back(x.name);
  return names;
}

/// Large networks have many layers, and a part may name each of them.
using layers_by_name = std::unordered_map<std::string_view, layer_id>;

layers_by_name name_layers(const network& net) {
  layers_by_name out;
  for (layer_id id = 0; id < net.layers.size(); ++id)
    out.emplace(net.layers[id].name, id);
  return out;
}

/// Says why a layer cannot be given to a part.
caf::error no_neurons(const network& net, const layer& x,
                      const std::string& place) {
  if (x.tied)
    return fail(ec::invalid_partition,
                "{}: layer '{}' has no neurons of its own, they are those of "
                "'{}'; leave it out",
                place, x.name, net.output().name);
  return fail(ec::invalid_partition,
              "{}: layer '{}' has no neurons to distribute; leave it out",
              place, x.name);
}

/// Finds a layer that can be given to a part.
result<layer_id> find_layer(const network& net, const layers_by_name& names,
                            const std::string& name, const std::string& place) {
  auto at = names.find(name);
  if (at == names.end())
    return fail(ec::invalid_partition, "{}: there is no layer '{}'{}", place,
                name, did_you_mean(name, names_with_neurons(net)));
  const auto& x = net.layers[at->second];
  if (x.units == 0)
    return no_neurons(net, x, place);
  return at->second;
}

bool is_of_type(const layer& x, const std::string& type) {
  return type == to_string(x.kind) || (type == x.label && !type.empty());
}

/// Finds the layers of a kind or with a label, those without neurons left out.
result<std::vector<layer_id>> find_type(const network& net,
                                        const std::string& type,
                                        const std::string& place) {
  std::vector<layer_id> found;
  std::vector<std::string> known;
  const layer* tied = nullptr;
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    const auto& x = net.layers[id];
    if (x.tied && is_of_type(x, type))
      tied = &x;
    if (x.units == 0)
      continue;
    known.emplace_back(to_string(x.kind));
    if (!x.label.empty())
      known.push_back(x.label);
    if (is_of_type(x, type))
      found.push_back(id);
  }
  if (found.empty() && tied != nullptr)
    return no_neurons(net, *tied, place);
  if (found.empty())
    return fail(ec::invalid_partition,
                "{}: no layer is of the kind or has the label '{}'{}", place,
                type, did_you_mean(type, known));
  return found;
}

/// The layers of one part.
result<std::vector<layer_id>> layers_of(const network& net,
                                        const layers_by_name& names,
                                        const distribution& how, size_t part) {
  std::vector<layer_id> out;
  for (const auto& name : how.shares[part].layers) {
    auto id = find_layer(net, names, name, place_of(how, part));
    if (!id)
      return id.error();
    out.push_back(*id);
  }
  for (const auto& type : how.shares[part].types) {
    auto ids = find_type(net, type, place_of(how, part));
    if (!ids)
      return ids.error();
    out.insert(out.end(), ids->begin(), ids->end());
  }
  return out;
}

} // namespace

result<std::vector<neuron_set>> listed(const scope& of,
                                       const distribution& how) {
  auto missing = neuron_set::range(of.neurons.begin, of.neurons.end);
  std::vector<neuron_set> parts;
  for (size_t i = 0; i < how.shares.size(); ++i) {
    auto part = listed_ids(of, how, i);
    if (!part)
      return part.error();
    for (size_t j = 0; j < i; ++j)
      if (auto twice = intersect(parts[j], *part); !twice.empty())
        return fail(ec::invalid_partition,
                    "{}: neuron {} of {} is already in {}", place_of(how, i),
                    twice.id_at(0) - of.neurons.begin, of.name,
                    place_of(how, j));
    missing = subtract(missing, *part);
    parts.push_back(std::move(*part));
  }
  if (!missing.empty())
    return fail(ec::invalid_partition,
                "{}: neuron {} of {} is in no part ({} such neurons)",
                to_string(how.where), missing.id_at(0) - of.neurons.begin,
                of.name, missing.size());
  return parts;
}

result<std::vector<neuron_set>> whole_layers(const network& net,
                                             const distribution& how) {
  auto names = name_layers(net);
  std::vector<neuron_set> parts;
  std::vector<std::optional<size_t>> owner(net.layers.size());
  for (size_t i = 0; i < how.shares.size(); ++i) {
    auto layers = layers_of(net, names, how, i);
    if (!layers)
      return layers.error();
    std::vector<neuron_interval> ids;
    for (auto id : *layers) {
      if (owner[id])
        return fail(ec::invalid_partition, "{}: layer '{}' is already in {}",
                    place_of(how, i), net.layers[id].name,
                    place_of(how, *owner[id]));
      owner[id] = i;
      const auto& x = net.layers[id];
      ids.push_back({x.first, x.first + x.units});
    }
    parts.push_back(neuron_set{std::move(ids)});
  }
  for (layer_id id = 0; id < net.layers.size(); ++id)
    if (net.layers[id].units > 0 && !owner[id])
      return fail(ec::invalid_partition, "{}: layer '{}' is in no part",
                  to_string(how.where), net.layers[id].name);
  return parts;
}

} // namespace nnactor
