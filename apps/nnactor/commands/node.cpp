#include "commands/commands.hpp"
#include "terminal/credential_options.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"
#include "terminal/state_folder.hpp"
#include "terminal/stop_signals.hpp"

#include "nnactor/cluster/network_access.hpp"
#include "nnactor/cluster/node.hpp"
#include "nnactor/cluster/node_process.hpp"
#include "nnactor/cluster/refusals.hpp"
#include "nnactor/machine/device_name.hpp"
#include "nnactor/machine/topology.hpp"

#include <caf/actor_system.hpp>

#include <sched.h>
#include <unistd.h>

namespace nnactor {

namespace {

struct node_command {
  std::string listen;
  std::string store = "models";
  std::string state;
  std::string devices = "1";
  std::vector<uint32_t> cores;
  uint32_t lease_ms = 2500;
  uint32_t count = 1; ///< Nodes in this process, for benchmarks.
  int announce = -1;  ///< File descriptor to tell the port to.
  credentials who;
};

std::string default_state(const host_port& where) {
  auto folder = state_folder();
  return fmt::format("{}/{}-{}", folder.empty() ? "/var/tmp/nnactor" : folder,
                     where.host, where.port);
}

/// Tells whoever has started this node, by a pipe.
void tell_parent(const node_command& how, const std::string& line) {
  if (write(how.announce, line.data(), line.size()) < 0)
    warn("nobody waits for this node");
  close(how.announce);
}

void announce(const node_command& how, const host_port& where,
              const std::vector<uint16_t>& ports) {
  if (how.announce < 0) {
    for (auto port : ports)
      say("nnactor node: listening on {}, models in {}, state in {}\n",
          to_string(host_port{where.host, port}), how.store, how.state);
    flush_output();
    return;
  }
  tell_parent(how, fmt::format("{}\n", fmt::join(ports, " ")));
}

/// Returns the exit status for what kept a node from listening.
int refuse(const node_command& how, const caf::error& why) {
  if (!why || how.announce < 0)
    return finish(why);
  tell_parent(how, fmt::format("{}{}\n", node_process::refusal, explain(why)));
  return 2;
}

caf::error check_cores(const node_command& how, size_t devices) {
  if (how.cores.empty())
    return caf::none;
  if (how.cores.size() != devices)
    return fail(ec::invalid_argument,
                "--cores names {} cores for {} devices; name one a device",
                how.cores.size(), devices);
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return caf::none;
  for (auto cpu : how.cores)
    if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed))
      return fail(ec::invalid_argument,
                  "--cores: this process may not run on core {}", cpu);
  return caf::none;
}

/// What weights may take of the L2 that belongs to one core, the rest being for
/// activations; nothing where the system does not say how large it is.
std::optional<uint64_t> cache_of_a_core() {
  auto machine = look_at_machine();
  if (!machine || machine->cores.empty() || machine->cores.front().l2 == 0)
    return std::nullopt;
  auto& core = machine->cores.front();
  return core.l2 / core.l2_cores * 8 / 10;
}

/// One node with everything it needs, published.
struct served_node {
  system_config config;
  caf::actor_system system;
  dialer_actor dialer;
  node_actor node;
  uint16_t port = 0;

  // Devices have threads of their own.
  explicit served_node(const node_command& how)
      : config(2, how.who, std::chrono::milliseconds{how.lease_ms}),
        system(config) {
  }

  ~served_node() {
    caf::anon_send_exit(node, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(dialer, caf::exit_reason::user_shutdown);
  }

  caf::error start(const node_command& how, const host_port& where,
                   const std::vector<std::string>& names,
                   const stop_signals& stop) {
    auto devices = std::make_shared<std::vector<std::unique_ptr<device>>>();
    for (auto& name : names) {
      auto opened = open_device(name);
      if (!opened)
        return within("--devices", opened.error());
      devices->push_back(std::move(*opened));
    }
    node_settings settings;
    settings.store = how.store;
    settings.state = how.state;
    settings.credential = how.who.certificate;
    settings.devices = static_cast<uint32_t>(devices->size());
    settings.cpus = how.cores;
    settings.measure = how.count == 1;
    settings.make_device = [devices](uint32_t i) {
      return std::move((*devices)[i]);
    };
    if (auto share = cache_of_a_core())
      settings.cache_bytes = *share;
    settings.fs = make_posix_filesystem();
    settings.end_process = [] { _exit(1); };
    settings.ending = [stop](const std::string& what) {
      stop.waiting_for(what.empty() ? "its network" : what);
    };
    dialer = system.spawn(run_dialer, how.who);
    settings.dialer = dialer;
    node = system.spawn(run_node, std::move(settings));
    auto found = publish(node, where, how.who);
    if (!found)
      return found.error();
    port = *found;
    return caf::none;
  }
};

caf::error serve(node_command how) {
  auto where = parse_address(how.listen, port_zero::any);
  if (!where)
    return where.error();
  if (auto err = check_credentials(how.who))
    return err;
  auto devices = parse_devices(how.devices);
  if (!devices)
    return within("--devices", devices.error());
  if (auto err = check_cores(how, devices->size()))
    return err;
  // Ctrl-C, `timeout` and service managers send signals to a run and to all
  // that it has started: its nodes end with it, for it may still have to save.
  stop_signals stop{how.announce < 0};
  if (how.state.empty())
    how.state = default_state(*where);
  std::vector<std::unique_ptr<served_node>> nodes;
  std::vector<uint16_t> ports;
  for (uint32_t i = 0; i < how.count; ++i) {
    nodes.push_back(std::make_unique<served_node>(how));
    if (auto err = nodes.back()->start(how, *where, *devices, stop))
      return err;
    ports.push_back(nodes.back()->port);
  }
  listen_to_refusals(warn);
  announce(how, *where, ports);
  stop.wait();
  return caf::none;
}

} // namespace

void add_node_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<node_command>();
  auto* command = parent.add_subcommand(
      "node", "Offer this machine to a cluster, or look at a node's files");
  command
      ->add_option("--listen", how->listen,
                   "Address to listen on; port 0 takes any")
      ->type_name("HOST:PORT")
      ->transform(address_form(port_zero::any));
  command
      ->add_option("--store", how->store,
                   "Shared folder that holds the folders of models")
      ->capture_default_str();
  command->add_option("--state", how->state,
                      "Local folder for the connection table");
  command
      ->add_option("--devices", how->devices,
                   "What to compute with: a number of CPU cores, or a list "
                   "such as gpu:0,gpu:1,cpu")
      ->capture_default_str();
  command
      ->add_option("--cores", how->cores,
                   "Cores to pin the devices to, for example 0,1; without it "
                   "the kernel decides")
      ->transform(whole_number(0, 1023))
      ->delimiter(',');
  add_credentials(*command, how->who);
  command
      ->add_option("--lease-ms", how->lease_ms,
                   "A peer that says nothing for so long is lost; 0: never")
      ->transform(whole_number(0, 3600000))
      ->capture_default_str();
  command->add_option("--announce", how->announce)->group("");
  command->add_option("--count", how->count)->group("");
  add_node_table_command(*command, status);
  command->require_subcommand(0, 1);
  command->callback([how, command, &status] {
    if (!command->get_subcommands().empty())
      return;
    if (how->listen.empty())
      status = finish(fail(ec::invalid_argument,
                           "nnactor node needs --listen HOST:PORT, for example "
                           "--listen 127.0.0.1:4700"));
    else
      status = refuse(*how, serve(*how));
  });
}

} // namespace nnactor
