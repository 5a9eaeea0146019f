#include "commands/commands.hpp"

#include "terminal/format.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"

#include "nnactor/cluster/certificates.hpp"

#include <cstdio>
#include <cstdlib>

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

int finish_job(const caf::error& what) {
  return finish(what) == 0 ? 0 : 1;
}

void warn(const std::string& what) {
  std::fflush(stdout);
  // Unlike fmt::print, this does not throw where nobody reads.
  std::fputs(fmt::format("nnactor: {}\n", printable_line(what)).c_str(),
             stderr);
}

namespace {

struct credential_option {
  std::string credentials::*where;
  const char* name;
  const char* variable;
  const char* help;
};

constexpr credential_option credential_options[] = {
    {&credentials::certificate, "--certificate", "NNACTOR_CERTIFICATE",
     "TLS: certificate of this process (PEM)"},
    {&credentials::key, "--key", "NNACTOR_KEY", "TLS: its key (PEM)"},
    {&credentials::authority, "--authority", "NNACTOR_AUTHORITY",
     "TLS: certificate of the authority of all nodes (PEM)"},
};

} // namespace

void add_credentials(CLI::App& command, credentials& who) {
  for (auto& x : credential_options)
    command.add_option(x.name, who.*x.where, x.help)->envname(x.variable);
}

caf::error check_credentials(const credentials& who) {
  if (auto err = check(who))
    return err;
  if (auto text = exposure_of(who); !text.empty())
    warn(text);
  return caf::none;
}

std::string words_of(const credentials& who) {
  std::string out;
  auto known = true;
  for (auto& x : credential_options) {
    auto* set = std::getenv(x.variable);
    known = known && set != nullptr && who.*x.where == set;
    out += fmt::format(" {} {}", x.name, shell_word(who.*x.where));
  }
  return who.empty() || known ? "" : out;
}

CLI::Validator address_form(port_zero zero) {
  auto read = [zero](std::string& text) {
    auto where = parse_address(text, zero);
    if (!where)
      return explain(where.error());
    text = to_string(*where);
    return std::string{};
  };
  return {read, ""};
}

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
