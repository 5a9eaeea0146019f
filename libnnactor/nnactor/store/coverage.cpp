#include "nnactor/store/manifest.hpp"
#include "nnactor/store/slice_check.hpp"

#include <map>
#include <set>
#include <utility>

namespace nnactor {

namespace {

// Which neurons of a layer have a parameter.
using coverage = std::map<std::pair<layer_id, std::string>, neuron_set>;

result<coverage> gather(const manifest& what) {
  coverage found;
  for (auto& x : what.slices) {
    auto& neurons = found[{x.layer, x.parameter}];
    auto doubled = intersect(neurons, x.neurons);
    if (!doubled.empty())
      return fail(ec::store_corrupt,
                  "layer '{}': neurons {} have '{}' twice, again in {}",
                  what.net.layers[x.layer].name, to_string(doubled),
                  x.parameter, x.file);
    neurons = unite(neurons, x.neurons);
  }
  return found;
}

// Without state first: "" is the parameter itself.
std::set<std::string> states_of(const manifest& what) {
  std::set<std::string> states{""};
  for (auto& x : what.slices)
    states.insert(std::string{split_name(x.parameter).state});
  return states;
}

caf::error check_parameter(const manifest& what, const coverage& found,
                           layer_id id, const std::string& name) {
  auto& owner = what.net.layers[id];
  auto entry = found.find({id, name});
  auto missing = entry == found.end()
                     ? owner.neurons()
                     : subtract(owner.neurons(), entry->second);
  if (missing.empty())
    return caf::none;
  return fail(ec::store_corrupt, "layer '{}': neurons {} have no '{}'",
              owner.name, to_string(missing), name);
}

} // namespace

caf::error check_coverage(const manifest& what) {
  if (auto err = check_slices(what.net, what.slices))
    return err;
  auto found = gather(what);
  if (!found)
    return found.error();
  for (auto& state : states_of(what))
    for (layer_id id = 0; id < what.net.layers.size(); ++id)
      for (auto& row : what.net.layers[id].parameter_rows()) {
        auto name = state.empty() ? row.name : state + "." + row.name;
        if (auto err = check_parameter(what, *found, id, name))
          return err;
      }
  return caf::none;
}

} // namespace nnactor
