#include "nnactor/cluster/node.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/group/loss_group.hpp"
#include "nnactor/group/neuron_group.hpp"
#include "nnactor/metadata/table_file.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <fstream>

namespace nnactor {

caf::result<node_report> node_state::deploy(const std::vector<char>& bytes,
                                            const driver_actor& driver) {
  auto decoded = decode_deployment(std::as_bytes(std::span{bytes}));
  if (!decoded)
    return decoded.error();
  if (decoded->epoch != epoch)
    return fail(ec::protocol_violation,
                "was asked to work for epoch {} after joining epoch {}",
                decoded->epoch, epoch);
  auto plan = std::make_shared<const deployment>(std::move(*decoded));
  auto carried = carry_over(*plan);
  leave();
  auto promise = self->make_response_promise<node_report>();
  self->request(persistence, defaults::deploy_timeout, deploy_atom::value, plan,
                carried, driver)
      .then(
          [=, this](const programs_ptr& programs) mutable {
            if (auto err = start(plan, driver, *programs)) {
              leave();
              promise.deliver(std::move(err));
            } else {
              promise.deliver(job->report);
            }
          },
          [=](caf::error& why) mutable { promise.deliver(std::move(why)); });
  return promise;
}

carried_ptr node_state::carry_over(const deployment& next) const {
  auto out = std::make_shared<carried_groups>();
  // Groups of an epoch before that are not where training is, and those of
  // other layers or settings could not go on.
  if (next.carried_epoch == 0 || !job || job->plan->epoch != next.carried_epoch
      || job->plan->model != next.model || !job->plan->is_of_same_job(next))
    return out;
  auto& groups = job->plan->graph.groups;
  out->same_partition = job->plan->parts.parts == next.parts.parts;
  for (auto& [id, program] : job->programs)
    if (!groups[id].borrows())
      out->entries.push_back({groups[id].layer, groups[id].neurons, program});
  return out;
}

caf::error node_state::start(deployment_ptr plan, const driver_actor& driver,
                             const std::vector<program_ptr>& programs) {
  leave();
  if (plan->epoch != epoch)
    return fail(ec::protocol_violation, "has left epoch {}", plan->epoch);
  job.emplace();
  job->plan = plan;
  job->driver = driver;
  self->monitor(driver);
  *traffic = 0;
  auto table =
      connection_table{plan->net, plan->graph, plan->where, plan->self};
  caf::error unconnected;
  auto links = spawn_links(table, unconnected);
  if (unconnected)
    return unconnected;
  job->report.table_bytes = table.bytes();
  if (auto err = write_table(table))
    return err;
  auto routes = make_routing(plan->epoch, std::move(table), plan->graph,
                             std::move(links));
  spawn_groups(programs, routes);
  auto shared = std::make_shared<const routing>(std::move(routes));
  for (auto& g : job->actors)
    self->send(g, routing_ptr{shared});
  self->send(gate, routing_ptr{shared});
  return caf::none;
}

// One link to every node with which some group of this one exchanges tensors.
std::map<node_index, sink_actor>
node_state::spawn_links(const connection_table& table, caf::error& failure) {
  std::map<node_index, sink_actor> links;
  for (auto& x : table.connections()) {
    if (links.contains(x.remote))
      continue;
    auto peer = peers.find(x.remote);
    if (peer == peers.end()) {
      failure = fail(ec::unreachable, "has no connection to {}",
                     job->plan->servers[x.remote].address);
      return links;
    }
    // Results for the driver are not rounded.
    auto narrows = job->plan->train.link == precision::bfloat16
                   && x.remote != job->plan->where.driver();
    self->monitor(peer->second);
    job->links.push_back(self->spawn(run_link, peer->second, traffic, narrows));
    links.emplace(x.remote, job->links.back());
  }
  return links;
}

void node_state::spawn_groups(const std::vector<program_ptr>& programs,
                              routing& routes) {
  auto& plan = *job->plan;
  auto next = programs.begin();
  for (auto& g : plan.graph.groups)
    if (g.kind == group_kind::neurons
        && plan.where.seats[g.id].node == plan.self)
      job->programs.emplace(g.id, *next++);
  lend_parameters(plan.graph, [this](group_id id) {
    auto found = job->programs.find(id);
    return found == job->programs.end() ? program_ptr{} : found->second;
  });
  auto weight_bytes = plan.train.compute == precision::bfloat16
                          ? sizeof(uint16_t)
                          : sizeof(float);
  std::vector<uint64_t> caches;
  for (auto& x : devices)
    caches.push_back(x.cache_bytes);
  for (auto& ids : find_chains(plan.net, plan.graph, plan.where, plan.self,
                               weight_bytes, caches))
    spawn_chain(ids, routes);
  if (plan.where.seats[plan.graph.loss_group()].node == plan.self)
    spawn_loss(routes);
}

void node_state::spawn_chain(const std::vector<group_id>& ids,
                             routing& routes) {
  auto& plan = *job->plan;
  std::vector<program_ptr> members;
  for (auto id : ids) {
    auto& g = plan.graph.groups[id];
    auto& l = plan.net.layers[g.layer];
    members.push_back(job->programs.at(id));
    job->savers += g.borrows() ? 0 : 1;
    job->report.neurons += g.neurons.size();
    job->report.parameters += g.neurons.size() * l.parameters_per_neuron();
  }
  auto& place = devices[plan.where.seats[ids.front()].device % devices.size()];
  auto writes = std::ranges::any_of(
      members, [](auto& program) { return program->needs_round(); });
  job->actors.push_back(spawn_on<neuron_group_state, group_actor>(
      self->system(), place.where, neuron_group, settings_of(ids),
      std::move(members)));
  if (writes)
    job->writers.push_back(job->actors.back());
  watch_end_of(job->actors.back().address(), "its groups");
  for (auto id : ids)
    add(id, job->actors.back(), routes);
}

void node_state::spawn_loss(routing& routes) {
  auto& plan = *job->plan;
  auto id = plan.graph.loss_group();
  auto& place = devices[plan.where.seats[id].device % devices.size()];
  job->actors.push_back(spawn_on<loss_group_state, group_actor>(
      self->system(), place.where, loss_group, settings_of({id}),
      std::make_shared<loss_program>(plan.net, plan.graph, plan.train)));
  watch_end_of(job->actors.back().address(), "its groups");
  add(id, job->actors.back(), routes);
}

group_settings node_state::settings_of(const std::vector<group_id>& ids) const {
  auto& plan = *job->plan;
  group_settings how;
  how.epoch = plan.epoch;
  how.version = plan.step;
  how.self = plan.self;
  for (auto id : ids)
    how.members.push_back(plan.graph.groups[id]);
  how.train = plan.train;
  auto here = [&plan, seat = plan.where.seats[ids.front()]](group_id id) {
    auto computes = plan.graph.groups[id].kind == group_kind::neurons
                    || plan.graph.groups[id].kind == group_kind::loss;
    return !computes || plan.where.seats[id] == seat;
  };
  how.outputs_stay =
      std::ranges::all_of(how.tail().downstream, here, &edge::group);
  how.gradients_stay =
      std::ranges::all_of(how.head().upstream, here, &edge::group);
  auto& place = devices[plan.where.seats[ids.front()].device % devices.size()];
  how.device = place.device;
  how.kernels = place.kernels;
  how.driver = job->driver;
  how.persistence = persistence;
  how.time_steps = plan.net.time_steps;
  return how;
}

void node_state::add(group_id id, const group_actor& actor, routing& routes) {
  routes.groups.emplace(id, actor);
  job->groups.emplace(id, actor);
  ++job->report.groups;
}

caf::error node_state::write_table(const connection_table& table) {
  if (settings.state.empty())
    return caf::none;
  auto& model = job->plan->model;
  auto bytes = encode(make_table_file(table, job->plan->net, job->plan->servers,
                                      model, settings.store + "/" + model));
  boost::system::error_code failed;
  boost::filesystem::create_directories(settings.state, failed);
  auto path = settings.state + "/connections.table";
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  if (!out.flush())
    return fail(ec::invalid_argument,
                "cannot write the connection table {}; give --state a folder "
                "that can be written",
                path);
  job->report.table = path;
  return caf::none;
}

void node_state::leave() {
  if (!job)
    return;
  self->send(gate, routing_ptr{});
  self->demonitor(job->driver.address());
  for (auto& g : job->actors)
    self->send_exit(g, caf::exit_reason::user_shutdown);
  for (auto& l : job->links)
    self->send_exit(l, caf::exit_reason::user_shutdown);
  job = std::nullopt;
}

} // namespace nnactor
