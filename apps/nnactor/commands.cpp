#include "commands.hpp"

#include <cstdio>

namespace nnactor {

int finish(const caf::error& what) {
  if (!what)
    return 0;
  warn(explain(what));
  switch (code_of(what)) {
  case ec::node_lost:
  case ec::timeout:
  case ec::store_taken:
  case ec::diverged:
  case ec::device_failure:
  case ec::internal:
    return 1;
  default:
    return 2;
  }
}

void warn(const std::string& what) {
  fmt::print(stderr, "nnactor: {}\n", what);
}

void node_options::add_to(CLI::App& command, bool with_local) {
  command
      .add_option("--nodes", addresses,
                  "Running nodes, HOST:PORT,HOST:PORT,... (nnactor node)")
      ->delimiter(',');
  if (with_local) {
    command
        .add_option("--local", local,
                    "Nodes to start on this machine if no --nodes are given")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command
        .add_option("--parts", parts,
                    "Split the neurons evenly into so many parts instead of "
                    "as the model is split")
        ->check(CLI::Range(1, 1 << 20));
  }
  command.add_option("--certificate", certificate,
                     "TLS: certificate of this process (PEM)");
  command.add_option("--key", key, "TLS: its key (PEM)");
  command.add_option("--authority", authority,
                     "TLS: certificate of the authority of all nodes (PEM)");
}

void experiment_options::add_to(CLI::App& command) {
  command.add_option("config", config, "TOML file, see configs/")->required();
  command
      .add_option("--set", overrides,
                  "Override a key of the config, for example train.steps=50")
      ->type_name("KEY=VALUE");
  nodes.add_to(command, false);
}

result<experiment> experiment_options::read() const {
  auto all = overrides;
  // As an override, so that an even split without a number of parts gets one a
  // node.
  if (!nodes.addresses.empty())
    all.push_back(fmt::format("cluster.addresses=['{}']",
                              fmt::join(nodes.addresses, "','")));
  auto read = read_experiment(config, all);
  if (!read || nodes.certificate.empty())
    return read;
  read->cluster.certificate = nodes.certificate;
  read->cluster.key = nodes.key;
  read->cluster.authority = nodes.authority;
  return read;
}

} // namespace nnactor
