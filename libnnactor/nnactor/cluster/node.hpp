#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/cluster/link.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/group/carried_groups.hpp"
#include "nnactor/group/core.hpp"
#include "nnactor/group/neuron_group.hpp"
#include "nnactor/group/routing.hpp"
#include "nnactor/messages/actors.hpp"
#include "nnactor/store/filesystem.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nnactor {

class device;

/// What a node is started with.
struct node_settings {
  std::string store;      ///< Folder that holds the folders of models.
  std::string state;      ///< Local folder for its table; empty: none.
  std::string credential; ///< Path of its certificate, empty without TLS.
  uint32_t devices = 1;
  uint64_t cache_bytes = defaults::cache_bytes; ///< Of a core, for weights.
  /// Makes one of the devices.
  std::function<std::unique_ptr<device>(uint32_t index)> make_device;
  std::shared_ptr<filesystem> fs;
  dialer_actor dialer;
  std::vector<uint32_t> cpus;        ///< To pin devices to; empty: none.
  bool own_threads = true;           ///< Off where a test schedules all actors.
  bool measure = true;               ///< The speed of its devices.
  std::function<void()> end_process; ///< As a crash would.
  /// Told, from any thread, for what a node waits that has been told to end;
  /// in the end for nothing.
  std::function<void(const std::string&)> ending;
};

/// One node of the cluster: keeps gate, devices and persistence for the life
/// of the process, groups and links for one job.
struct node_state {
  static inline const char* name = "node";

  using pointer = node_actor::stateful_pointer<node_state>;

  /// What lives as long as a job.
  struct job_state {
    deployment_ptr plan;
    driver_actor driver;
    std::map<group_id, group_actor> groups;   ///< With the loss, if it is here.
    std::vector<group_actor> actors;          ///< Each once: some run several.
    std::map<group_id, program_ptr> programs; ///< Of its neuron groups.
    std::vector<group_actor> writers;         ///< Who needs the rows of rounds.
    uint32_t savers = 0;                      ///< Groups that have parameters.
    std::vector<link_actor> links;
    node_report report;
  };

  pointer self = nullptr;
  node_settings settings;
  node_info info;
  gate_actor gate;
  persistence_actor persistence;
  /// A device, and the core that it and its groups run on.
  struct seat {
    device_actor device;
    core_ptr where; ///< Null where a test schedules all actors.
    std::shared_ptr<nnactor::device> kernels;
    uint64_t cache_bytes = 0; ///< For weights.
  };
  std::vector<seat> devices;
  uint64_t epoch = 0;                     ///< That it has joined.
  std::map<node_index, gate_actor> peers; ///< Of that epoch.
  caf::actor_addr joined_by;              ///< The distributor that it serves.
  std::optional<job_state> job;
  /// What has threads of its own, with the names of those; the node ends last.
  std::map<caf::actor_addr, std::string> children;
  std::optional<caf::error> end_reason; ///< Set when it has been told to end.
  traffic_counter traffic = std::make_shared<std::atomic<uint64_t>>(0);

  void init(pointer parent, node_settings how);
  void on_exit(const caf::exit_msg& what);
  void on_down(const caf::down_msg& what);

  caf::result<node_info> hello(const std::string& version);
  caf::result<uint64_t> join(uint64_t epoch, node_index me,
                             const std::vector<std::string>& addresses);
  caf::result<gate_actor> meet(uint64_t epoch, node_index index,
                               const gate_actor& gate);
  caf::result<node_report> deploy(const std::vector<char>& bytes,
                                  const driver_actor& driver);
  /// Whether there is a job of that epoch.
  bool works_for(uint64_t which) const {
    return job && job->plan->epoch == which;
  }

  void on_round(uint32_t number, const token_round& what);
  void update_all(uint64_t step, uint32_t scale);
  caf::result<uint64_t> save_all(uint64_t of_epoch, uint64_t generation,
                                 uint64_t step);
  caf::result<node_status> status(uint64_t of_epoch);
  caf::result<std::vector<char>> peek(uint64_t of_epoch, group_id group,
                                      neuron_id neuron, bool as_source);
  caf::result<std::string> forward_command(const std::string& line);
  caf::result<std::string> look(const std::string& model,
                                const std::string& file);
  void leave();

private:
  void watch_end_of(const caf::actor_addr& child, const std::string& name);
  void end_if_alone();
  void open_devices();
  void enter(uint64_t next);
  carried_ptr carry_over(const deployment& next) const;
  caf::error start(deployment_ptr plan, const driver_actor& driver,
                   const std::vector<program_ptr>& programs);
  std::map<node_index, sink_actor> spawn_links(const connection_table& table,
                                               caf::error& failure);
  caf::error write_table(const connection_table& table);
  void spawn_groups(const std::vector<program_ptr>& programs, routing& routes);
  void spawn_chain(const std::vector<group_id>& ids, routing& routes);
  void spawn_loss(routing& routes);
  group_settings settings_of(const std::vector<group_id>& ids) const;
  void add(group_id id, const group_actor& actor, routing& routes);
};

node_actor::behavior_type run_node(node_state::pointer self, node_settings how);

} // namespace nnactor
