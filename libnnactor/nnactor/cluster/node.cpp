#include "nnactor/cluster/node.hpp"

#include "nnactor/cluster/gate.hpp"
#include "nnactor/cluster/persistence.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/device/speed.hpp"
#include "nnactor/group/device_actor.hpp"
#include "nnactor/group/loss_group.hpp"
#include "nnactor/group/neuron_group.hpp"
#include "nnactor/machine/read_speed.hpp"
#include "nnactor/metadata/table_file.hpp"

#include <boost/filesystem.hpp>

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace nnactor {

namespace {

constexpr auto time_to_read = std::chrono::milliseconds{20};
constexpr size_t beyond_caches = 64 << 20;

uint64_t millions(double x) {
  return static_cast<uint64_t>(x / 1e6);
}

/// Tells what plans for networks ask of a device besides its speed.
void measure_rates(device& dev, node_info& into) {
  auto mb_s = [&dev](size_t bytes) {
    return millions(dev.away() != nullptr ? measure_memory_speed(dev, bytes)
                                          : measure_read(bytes, time_to_read));
  };
  into.packed_speed = millions(measure_packed_speed(dev));
  into.cache_speed = mb_s(into.cache / 4096 * 4096);
  into.memory_speed = mb_s(std::max<size_t>(beyond_caches, 4 * into.cache));
}

/// What these have to themselves; 0 where some have none.
uint64_t memory_of(const std::vector<node_state::seat>& devices) {
  uint64_t out = 0;
  for (const auto& x : devices) {
    auto own = x.kernels->memory_bytes();
    if (own == 0)
      return 0;
    out += own;
  }
  return out;
}

} // namespace

void node_state::init(pointer parent, node_settings how) {
  self = parent;
  settings = std::move(how);
  gate = self->spawn<caf::linked>(run_gate);
  if (settings.own_threads)
    persistence = self->spawn<caf::linked + caf::detached>(
        run_persistence, settings.fs, settings.store, std::string{});
  else
    persistence = self->spawn<caf::linked>(run_persistence, settings.fs,
                                           settings.store, std::string{});
  std::vector<std::string> names;
  uint64_t speed = 0;
  for (uint32_t i = 0; i < settings.devices; ++i) {
    auto dev = std::shared_ptr<device>{settings.make_device(i)};
    if (names.empty() || names.back() != dev->name())
      names.push_back(dev->name());
    auto cache =
        dev->cache_bytes() > 0 ? dev->cache_bytes() : settings.cache_bytes;
    // Tests have simulated time, in which nothing has a speed.
    speed += settings.own_threads && settings.measure
                 ? millions(measure_speed(*dev))
                 : 1;
    auto cpu = i < settings.cpus.size() ? std::optional{settings.cpus[i]}
                                        : std::nullopt;
    auto where = settings.own_threads
                     ? std::make_shared<core>(self->system(), cpu)
                     : core_ptr{};
    auto actor = spawn_on<device_state, block_device_actor>(
        self->system(), where, run_device, dev);
    self->link_to(actor);
    devices.push_back({actor, where, std::move(dev), cache});
  }
  info = describe_machine(settings.devices,
                          fmt::format("{}", fmt::join(names, ", ")));
  info.device_memory = memory_of(devices);
  info.speed = speed;
  info.cache = devices.front().cache_bytes;
  if (settings.own_threads && settings.measure)
    measure_rates(*devices.front().kernels, info);
  self->set_exit_handler([this](caf::exit_msg& msg) {
    leave();
    self->quit(msg.reason);
  });
  self->set_down_handler([this](caf::down_msg& msg) { on_down(msg); });
}

void node_state::on_down(const caf::down_msg& what) {
  if (!job)
    return;
  if (what.source == job->driver.address())
    return leave();
  for (auto& [index, peer] : peers)
    if (what.source == peer.address())
      self->send(job->driver, lost_atom::value, job->plan->epoch, index);
}

// -- joining a cluster --------------------------------------------------------

caf::result<node_info> node_state::hello(const std::string& version) {
  if (version != protocol_version)
    return fail(ec::protocol_violation,
                "this node speaks {}, the caller {}; use the same version of "
                "nnactor on every machine",
                protocol_version, version);
  return info;
}

void node_state::enter(uint64_t next) {
  if (next == epoch)
    return;
  epoch = next;
  peers.clear();
}

caf::result<uint64_t>
node_state::join(uint64_t next, node_index me,
                 const std::vector<std::string>& addresses) {
  auto caller = caf::actor_cast<caf::actor_addr>(self->current_sender());
  // Only the distributor that a job came from may arrange its nodes anew.
  if (job && (caller != joined_by || next <= job->plan->epoch))
    return fail(ec::unreachable, "is busy with another job (epoch {})",
                job->plan->epoch);
  joined_by = caller;
  enter(next);
  auto promise = self->make_response_promise<uint64_t>();
  auto missing = std::make_shared<size_t>(0);
  auto arrived = [promise, missing, next]() mutable {
    if (--*missing == 0)
      promise.deliver(next);
  };
  auto failed = [promise](const std::string& address, caf::error why) mutable {
    promise.deliver(within(address, why));
  };
  for (node_index i = 0; i < addresses.size(); ++i) {
    if (addresses[i].empty())
      continue;
    ++*missing;
    auto address = addresses[i];
    auto timeout = static_cast<uint32_t>(
        std::chrono::milliseconds{defaults::dial_timeout}.count());
    self->request(settings.dialer, 2 * defaults::dial_timeout, dial_atom::value,
                  address, timeout)
        .then(
            [=, this](const node_actor& peer) mutable {
              self->request(peer, defaults::dial_timeout, peer_atom::value,
                            next, me, gate)
                  .then(
                      [=, this](const gate_actor& theirs) mutable {
                        if (epoch == next)
                          peers[i] = theirs;
                        arrived();
                      },
                      [=](const caf::error& why) mutable {
                        failed(address, why);
                      });
            },
            [=](const caf::error& why) mutable { failed(address, why); });
  }
  if (*missing == 0)
    promise.deliver(next);
  return promise;
}

caf::result<gate_actor> node_state::meet(uint64_t next, node_index index,
                                         const gate_actor& theirs) {
  if (job && next <= job->plan->epoch)
    return fail(ec::unreachable, "is busy with another job (epoch {})",
                job->plan->epoch);
  enter(next);
  peers[index] = theirs;
  return gate;
}

// -- a job --------------------------------------------------------------------

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
  if (!next.carry || !job || job->plan->model != next.model)
    return out;
  auto& groups = job->plan->graph.groups;
  out->same_partition = job->plan->parts.parts == next.parts.parts;
  for (auto& [id, program] : job->programs)
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
    ++job->savers;
    job->report.neurons += g.neurons.size();
    job->report.parameters +=
        g.neurons.size() * (l.row_width + (l.bias ? 1 : 0));
  }
  auto& place = devices[plan.where.seats[ids.front()].device % devices.size()];
  job->actors.push_back(spawn_on<neuron_group_state, group_actor>(
      self->system(), place.where, neuron_group, settings_of(ids),
      std::move(members)));
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
  how.outputs_stay = std::ranges::all_of(how.tail().downstream, here);
  how.gradients_stay = std::ranges::all_of(how.head().upstream, here);
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

node_actor::behavior_type run_node(node_state::pointer self,
                                   node_settings how) {
  auto& st = self->state;
  st.init(self, std::move(how));
  return {
      [&st](hello_atom, const std::string& version) {
        return st.hello(version);
      },
      [&st](join_atom, uint64_t epoch, node_index me,
            const std::vector<std::string>& addresses) {
        return st.join(epoch, me, addresses);
      },
      [&st](peer_atom, uint64_t epoch, node_index index,
            const gate_actor& theirs) { return st.meet(epoch, index, theirs); },
      [&st](deploy_atom, const std::vector<char>& bytes,
            const driver_actor& driver) { return st.deploy(bytes, driver); },
      [&st](update_atom, uint64_t epoch, uint64_t step, uint32_t scale) {
        if (st.works_for(epoch))
          st.update_all(step, scale);
      },
      [&st](save_atom, uint64_t epoch, uint64_t generation, uint64_t step) {
        return st.save_all(epoch, generation, step);
      },
      [&st](traffic_atom) { return st.traffic->load(); },
      [](probe_atom, const tensor_piece& what) {
        return uint64_t{what.bytes.size()};
      },
      [&st](status_atom, uint64_t epoch) { return st.status(epoch); },
      [&st](peek_atom, uint64_t epoch, group_id group, neuron_id neuron,
            bool as_source) {
        return st.peek(epoch, group, neuron, as_source);
      },
      [&st](command_atom, const std::string& line) {
        return st.forward_command(line);
      },
      [&st](leave_atom, uint64_t epoch) {
        if (st.works_for(epoch))
          st.leave();
      },
      [&st](kill_atom, uint64_t epoch) {
        if (st.works_for(epoch) && st.settings.end_process)
          st.settings.end_process();
      },
  };
}

node_info describe_machine(uint32_t devices, std::string device_name) {
  node_info result;
  result.version = protocol_version;
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) == 0)
    result.host = host;
  result.process = static_cast<uint32_t>(getpid());
  result.cores = static_cast<uint32_t>(get_nprocs());
  struct sysinfo machine = {};
  if (sysinfo(&machine) == 0)
    result.memory = machine.totalram * machine.mem_unit;
  result.devices = devices;
  result.device = std::move(device_name);
  return result;
}

} // namespace nnactor
