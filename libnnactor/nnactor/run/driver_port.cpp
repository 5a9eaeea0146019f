#include "nnactor/run/driver_port.hpp"

#include "nnactor/engine/columns.hpp"

namespace nnactor {

void driver_port::open(caf::actor_system& system,
                       const deployed_network& network, const gate_actor& gate,
                       const sink_actor& driver) {
  close();
  auto& job = *network.job;
  auto table = connection_table{job.net, job.graph, job.where, job.self};
  std::map<node_index, sink_actor> links;
  for (auto& x : table.connections()) {
    if (links.contains(x.remote))
      continue;
    links_.push_back(system.spawn(
        run_link, network.cluster.members[x.remote].gate, traffic_, false));
    links.emplace(x.remote, links_.back());
  }
  auto routes =
      make_routing(job.epoch, std::move(table), job.graph, std::move(links));
  // A result is a loss (two numbers) or a row of outputs.
  routes.max_columns =
      std::max({routes.max_columns, job.net.output().width, uint64_t{2}});
  routes.groups.emplace(group_graph::input_group, driver);
  input_sinks_ = routes.readers(group_graph::input_group);
  target_sinks_ = routes.readers(group_graph::target_group);
  time_steps_ = job.net.time_steps;
  closing_ = closing_groups(job.graph);
  caf::anon_send(
      gate, routing_ptr{std::make_shared<const routing>(std::move(routes))});
}

void driver_port::close() {
  for (auto& l : links_)
    caf::anon_send_exit(l, caf::exit_reason::user_shutdown);
  links_.clear();
  input_sinks_.clear();
  target_sinks_.clear();
}

void driver_port::send_inputs(const work_id& work, const tensor& values) {
  send(input_sinks_, group_graph::input_group, work, values);
}

void driver_port::send_targets(const work_id& work, const tensor& values) {
  send(target_sinks_, group_graph::target_group, work, values);
}

void driver_port::send(const std::vector<sink_actor>& sinks, group_id producer,
                       const work_id& work, const tensor& values) {
  for (uint32_t t = 0; t < time_steps_; ++t) {
    auto at = work;
    at.time_step = t;
    auto value = at_time(values, t, time_steps_);
    for (auto& sink : sinks)
      caf::anon_send(
          sink,
          tensor_message{{at, 0, direction::forward, producer, 0}, value});
  }
}

} // namespace nnactor
