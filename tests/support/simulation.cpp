#include "support/simulation.hpp"

#include <doctest/doctest.h>

#include "nnactor/cluster/gate.hpp"
#include "nnactor/cluster/persistence.hpp"
#include "nnactor/device/cpu/cpu_device.hpp"

namespace nnactor::test {

namespace {

constexpr const char* root = "store";
constexpr const char* model = "tiny";

caf::actor spawn_observer(actor_world& in,
                          simulated_cluster::outcome_ptr record) {
  return in.adopt(in.system().spawn([record]() -> caf::behavior {
    return {[record](const progress_ptr& what) {
      record->events.push_back(*what);
      if (what->what == progress::kind::failed)
        record->failure = what->error;
      record->ended = record->ended || what->what == progress::kind::failed
                      || what->what == progress::kind::finished
                      || what->what == progress::kind::stopped;
    }};
  }));
}

struct claim {
  uint64_t epoch = 0;
  std::string token;
  uint64_t generation = 0;
};

answer<claim> ask_claim(actor_world& world, const persistence_actor& whom) {
  answer<claim> out;
  world.system().spawn([=](caf::event_based_actor* self) {
    self->request(whom, caf::infinite, claim_atom::value)
        .then(
            [out](uint64_t epoch, const std::string& token,
                  uint64_t generation) {
              out.say(claim{epoch, token, generation});
            },
            [out](const caf::error& why) { out.say(why); });
  });
  return out;
}

} // namespace

// -- cluster ------------------------------------------------------------------

simulated_cluster::simulated_cluster(const simulation& how)
    : world(how.seed), storage(how.storage),
      addresses(std::make_shared<std::map<std::string, node_actor>>()),
      how_(how) {
  if (!storage)
    storage = make_memory_filesystem();
  dialer = spawn_dialer(world, addresses);
  gate = world.adopt(world.system().spawn(run_gate));
  persistence = world.adopt(world.system().spawn(
      run_persistence, storage, std::string{root}, std::string{model}));
  for (uint32_t i = 0; i < how.nodes + how.spares; ++i) {
    nodes.push_back(spawn_node(root));
    addresses->emplace(fmt::format("node:{}", i + 1), nodes.back());
  }
  distributor = world.adopt(world.system().spawn(
      run_distributor, dialer, gate, std::string{}, how.patience, how.devices));
  world.settle();
}

node_actor simulated_cluster::spawn_node(const std::string& store) {
  node_settings settings;
  settings.store = store;
  settings.devices = how_.devices;
  settings.make_device = [make = how_.make_device](uint32_t) {
    return make ? make() : make_reference_device();
  };
  settings.fs = storage;
  settings.dialer = dialer;
  settings.own_threads = false;
  return world.adopt(world.system().spawn(run_node, std::move(settings)));
}

void simulated_cluster::kill(size_t node) {
  addresses->erase(fmt::format("node:{}", node + 1));
  caf::anon_send_exit(nodes[node], caf::exit_reason::kill);
}

void simulated_cluster::restart(size_t node, const std::string& store) {
  nodes[node] = spawn_node(store);
  (*addresses)[fmt::format("node:{}", node + 1)] = nodes[node];
}

simulated_cluster::~simulated_cluster() {
  addresses->clear();
  for (auto& x : {caf::actor_cast<caf::actor>(trainer),
                  caf::actor_cast<caf::actor>(inferrer)})
    if (x)
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

template <class T>
result<T> simulated_cluster::wait_for(const answer<T>& what) {
  if (!world.settle_until([&] { return what.is_there(); }))
    return fail(ec::timeout, "nobody answered");
  if (auto err = what.error())
    return err;
  return what.value();
}

result<cluster_ptr> simulated_cluster::join() {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < how_.nodes; ++i)
    names.push_back(fmt::format("node:{}", i + 1));
  return wait_for(world.ask<cluster_ptr>(distributor, join_atom::value, names));
}

simulated_cluster::outcome_ptr
simulated_cluster::start_training(const prepared_job& job) {
  return start(job, std::nullopt);
}

simulated_cluster::outcome_ptr
simulated_cluster::resume_training(prepared_job job, bool repartitioned) {
  auto newest = store().open(choice::newest);
  if (!newest)
    return start(job, std::nullopt);
  REQUIRE(!resume(job, *newest, repartitioned));
  return start(job, *newest);
}

simulated_cluster::outcome_ptr
simulated_cluster::start(const prepared_job& job,
                         const std::optional<manifest>& from) {
  auto out = std::make_shared<outcome>();
  auto stop = [&out](const caf::error& why) {
    out->failure = why;
    out->ended = true;
    return out;
  };
  auto claimed = wait_for(ask_claim(world, persistence));
  if (!claimed)
    return stop(claimed.error());
  if (auto joined = join(); !joined)
    return stop(joined.error());
  trainer_settings settings;
  settings.data = job.data;
  settings.run = job.how.run;
  settings.store = job.how.store;
  settings.generation = claimed->generation;
  settings.again = "nnactor run CONFIG --resume";
  settings.patience = how_.patience;
  settings.gate = gate;
  settings.persistence = persistence;
  settings.distributor = distributor;
  settings.devices = how_.devices;
  settings.observer = spawn_observer(world, out);
  auto plan = std::make_shared<deployment>(
      make_training(job, claimed->epoch, claimed->token));
  if (from) {
    plan->generation = from->generation;
    plan->step = from->step;
    settings.resumed_run = from->run;
  }
  trainer = world.system().spawn(run_trainer, std::move(settings));
  auto placed = wait_for(
      world.ask<deployed_ptr>(distributor, deploy_atom::value,
                              deployment_ptr{plan}, driver_actor{trainer}));
  if (!placed)
    return stop(placed.error());
  deployed = *placed;
  caf::anon_send(trainer, ready_atom::value, deployed);
  return out;
}

simulated_cluster::outcome_ptr
simulated_cluster::train(const prepared_job& job) {
  auto out = start_training(job);
  world.settle_until([&] { return out->ended; });
  world.settle();
  return out;
}

result<deployed_ptr> simulated_cluster::open_inference(uint32_t window,
                                                       uint32_t parts,
                                                       uint32_t pages) {
  auto from = store().open(choice::newest);
  if (!from)
    return from.error();
  auto token = store().epoch_token(from->epoch);
  if (!token)
    return token.error();
  if (auto err = repartition(*from, parts))
    return err;
  auto epoch = from->epoch + 1000;
  if (auto joined = join(); !joined)
    return joined.error();
  inferrer = world.system().spawn(
      run_inferrer, inferrer_settings{gate, distributor, window, how_.devices});
  auto plan = std::make_shared<const deployment>(make_inference(
      *from, fmt::format("{}/{}", root, model), epoch, *token, pages));
  auto placed = wait_for(
      world.ask<deployed_ptr>(distributor, deploy_atom::value,
                              deployment_ptr{plan}, driver_actor{inferrer}));
  if (!placed)
    return placed;
  deployed = *placed;
  caf::anon_send(inferrer, ready_atom::value, deployed);
  return placed;
}

model_store simulated_cluster::store() {
  return {storage, fmt::format("{}/{}", root, model)};
}

std::vector<double> simulated_cluster::outcome::losses() const {
  std::vector<double> out;
  for (auto& x : of(progress::kind::step))
    out.push_back(x.loss);
  return out;
}

std::vector<progress>
simulated_cluster::outcome::of(progress::kind what) const {
  std::vector<progress> out;
  for (auto& x : events)
    if (x.what == what)
      out.push_back(x);
  return out;
}

size_t simulated_cluster::outcome::count(progress::kind what) const {
  return std::ranges::count(events, what, &progress::what);
}

// -- helpers ------------------------------------------------------------------

prepared_job job_of(const network& net, const partition& parts,
                    const run_settings& run) {
  prepared_job job;
  job.how.run = run;
  job.how.store.path = fmt::format("{}/{}", root, model);
  job.data = std::make_shared<made_up_data>(net, 96, 40);
  job.net = net;
  job.parts = parts;
  job.graph = make_group_graph(net, parts);
  return job;
}

dialer_actor
spawn_dialer(actor_world& in,
             std::shared_ptr<std::map<std::string, node_actor>> addresses) {
  return in.adopt(in.system().spawn(
      [addresses](dialer_actor::pointer) -> dialer_actor::behavior_type {
        return {[addresses](dial_atom, const std::string& address,
                            uint32_t) -> result<node_actor> {
          auto i = addresses->find(address);
          if (i == addresses->end())
            return fail(ec::unreachable, "cannot reach node {}", address);
          return i->second;
        }};
      }));
}

std::vector<parameter_set> content(model_store store) {
  auto from = store.open(choice::newest);
  if (!from)
    throw std::runtime_error(explain(from.error()));
  std::vector<parameter_set> out;
  for (layer_id id = 0; id < from->net.layers.size(); ++id) {
    auto neurons = from->net.layers[id].neurons();
    if (neurons.empty())
      continue;
    auto values = store.read(*from, id, neurons);
    if (!values)
      throw std::runtime_error(explain(values.error()));
    std::ranges::sort(values->parameters, {}, &parameter::name);
    out.push_back(std::move(*values));
  }
  return out;
}

} // namespace nnactor::test
