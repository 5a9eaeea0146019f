#include "nnactor/config/experiment.hpp"

#include "nnactor/config/config_table.hpp"
#include "nnactor/config/keys.hpp"
#include "nnactor/config/read_file.hpp"
#include "nnactor/config/sections.hpp"

#include <algorithm>
#include <sstream>

namespace nnactor {

namespace {

/// What a network reads decides what an example is.
void choose_examples(const section& from, const network_description& network,
                     data_settings& how) {
  how.sequences = std::ranges::count(network.layers, layer_kind::table,
                                     &layer_description::kind)
                  > 0;
  if (how.sequences && how.time_steps > 1)
    from.reject("time_steps",
                fmt::format("is {}, but where a network has tables, an example "
                            "is a sequence of 'data.context' tokens; leave it "
                            "out",
                            how.time_steps));
}

experiment read_sections(section root) {
  experiment out;
  auto data = root.inside("data");
  out.data = read_data(data);
  out.network = read_network(root.inside("network"), out.data.kind);
  choose_examples(data, out.network, out.data);
  out.run = read_train(root.inside("train"));
  out.cluster = read_cluster(root.inside("cluster"));
  auto nodes = out.cluster.addresses.empty() ? out.cluster.nodes
                                             : out.cluster.addresses.size();
  out.distribute = read_distribute(root.inside("distribute"), nodes);
  out.store = read_store(root.inside("store"));
  root.finish();
  return out;
}

std::string serialise(const toml::table& config) {
  std::ostringstream out;
  out << config << '\n';
  return out.str();
}

} // namespace

result<experiment>
parse_experiment(const std::string& text, const std::string& name,
                 const std::vector<override_text>& overrides) {
  auto config = parse_config(text, name, overrides);
  if (!config)
    return config.error();
  auto out = read_config(*config, name, read_sections);
  if (!out)
    return out;
  out->file = name;
  out->text = serialise(*config);
  return out;
}

result<experiment>
read_experiment(const std::string& path,
                const std::vector<override_text>& overrides) {
  auto text = read_file(path, ec::invalid_config);
  if (!text)
    return text.error();
  return parse_experiment(*text, path, overrides);
}

std::vector<std::string> experiment_keys() {
  return keys_of(read_sections);
}

} // namespace nnactor
