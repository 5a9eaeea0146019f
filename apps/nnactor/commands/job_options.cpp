#include "commands/job_options.hpp"

#include "terminal/credential_options.hpp"
#include "terminal/options.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// Reads a list of addresses, none of which may be empty or come twice.
void read_addresses(const std::string& text, std::vector<std::string>& into) {
  auto form = address_form(port_zero::refused);
  for (size_t begin = 0; begin <= text.size();) {
    auto end = std::min(text.find(',', begin), text.size());
    auto one = text.substr(begin, end - begin);
    auto wrong = form(one);
    if (wrong.empty() && std::ranges::find(into, one) != into.end())
      wrong = fmt::format("'{}' comes twice", one);
    if (!wrong.empty())
      throw CLI::ValidationError("--nodes", wrong);
    into.push_back(one);
    begin = end + 1;
  }
}

} // namespace

void node_options::add_to(CLI::App& command, bool with_local) {
  command
      .add_option_function<std::string>(
          "--nodes",
          [this](const std::string& text) { read_addresses(text, addresses); },
          "Running nodes (nnactor node)")
      ->type_name("HOST:PORT,HOST:PORT,...");
  if (with_local) {
    command
        .add_option("--local", local,
                    "Nodes to start on this machine if no --nodes are given")
        ->transform(whole_number(1, 64))
        ->capture_default_str();
    command
        .add_option("--parts", parts,
                    "Split the neurons evenly into so many parts instead of "
                    "as the model is split")
        ->transform(whole_number(1, 1 << 20));
  }
  add_credentials(command, who);
}

result<cluster_settings> node_options::read() const {
  if (auto err = check_credentials(who))
    return err;
  cluster_settings out;
  out.nodes = local;
  out.addresses = addresses;
  out.who = who;
  return out;
}

void experiment_options::add_to(CLI::App& command) {
  command.add_option("config", config, "TOML file, see configs/")->required();
  command
      .add_option("--set", overrides,
                  "Override a key of the config, for example train.steps=50")
      ->type_name("KEY=VALUE")
      ->transform(utf8_text());
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
  if (!read)
    return read;
  if (!nodes.who.empty())
    read->cluster.who = nodes.who;
  if (auto err = check_credentials(read->cluster.who))
    return err;
  return read;
}

} // namespace nnactor
