#include "nnactor/run/controller.hpp"

#include "nnactor/cluster/certificates.hpp"
#include "nnactor/cluster/gate.hpp"
#include "nnactor/cluster/link_probe.hpp"
#include "nnactor/cluster/persistence.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/run/job.hpp"
#include "nnactor/store/names.hpp"

namespace nnactor {

namespace {

// Beside the actors of the driver there are only short handlers.
constexpr size_t driver_threads = 2;

// Waits for the answer to a request and returns it or its error.
template <class T, class Handle>
result<T> await(Handle&& handle) {
  std::optional<result<T>> answer;
  handle.receive(
      [&answer](T& value) { answer.emplace(std::move(value)); },
      [&answer](caf::error& why) { answer.emplace(std::move(why)); });
  return std::move(*answer);
}

/// What a node that is started here is told; GPUs go to one node after the
/// other.
std::string devices_of(const cluster_settings& how, uint32_t node) {
  if (how.device == device_kind::cpu)
    return std::to_string(how.devices);
  std::vector<std::string> names;
  for (uint32_t i = 0; i < how.devices; ++i)
    names.push_back(how.device == device_kind::gpu
                        ? fmt::format("gpu:{}", node * how.devices + i)
                        : to_string(how.device));
  return fmt::format("{}", fmt::join(names, ","));
}

} // namespace

caf::error check(const cluster_settings& how) {
  if (auto err = check(how.who))
    return err;
  auto control = parse_address(how.control, port_zero::any);
  if (!control)
    return within("cluster.control", control.error());
  if (auto err = may_listen(*control, how.who))
    return within("cluster.control", err);
  return caf::none;
}

result<std::unique_ptr<controller>> controller::make(controller_settings how) {
  if (auto err = check(how.cluster))
    return err;
  return std::unique_ptr<controller>{new controller(std::move(how))};
}

controller::controller(controller_settings how)
    : settings_(std::move(how)),
      // Nodes that we start ourselves are on loopback.
      for_nodes_(settings_.cluster.addresses.empty() ? credentials{}
                                                     : settings_.cluster.who),
      config_(driver_threads, settings_.cluster.who,
              std::chrono::milliseconds{settings_.cluster.lease_ms}),
      system_(config_), self_(system_) {
  gate_ = system_.spawn(run_gate);
  persistence_ =
      spawn_persistence(system_, fs_, folder_of_model(settings_.model),
                        name_of_model(settings_.model));
}

controller::~controller() {
  if (distributor_)
    caf::anon_send(distributor_, leave_atom::value);
  for (auto& actor : {caf::actor_cast<caf::actor>(inferrer_),
                      caf::actor_cast<caf::actor>(dialer_),
                      caf::actor_cast<caf::actor>(distributor_),
                      caf::actor_cast<caf::actor>(gate_),
                      caf::actor_cast<caf::actor>(persistence_)})
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

result<std::vector<std::string>> controller::addresses() {
  auto& cluster = settings_.cluster;
  if (!cluster.addresses.empty())
    return cluster.addresses;
  std::vector<std::string> result;
  for (uint32_t i = 0; i < cluster.nodes; ++i) {
    auto state = fmt::format("{}/node-{}", settings_.state, i + 1);
    std::vector<std::string> words = {
        "--store",    folder_of_model(settings_.model),
        "--state",    state,
        "--devices",  devices_of(cluster, i),
        "--lease-ms", std::to_string(cluster.lease_ms)};
    if (settings_.pin)
      words.insert(words.end(), {"--cores", std::to_string(i)});
    auto node = node_process::start(this_program(), words);
    if (!node)
      return node.error();
    result.push_back(node->address());
    nodes_.push_back(std::move(*node));
  }
  return result;
}

std::set<std::string> controller::own_addresses() const {
  std::set<std::string> out;
  for (auto& x : nodes_)
    out.insert(x.addresses().begin(), x.addresses().end());
  return out;
}

result<controller::claim> controller::claim_epoch() {
  std::optional<result<claim>> answer;
  self_->request(persistence_, defaults::deploy_timeout, claim_atom::value)
      .receive(
          [&](uint64_t epoch, const std::string& token, uint64_t generation) {
            answer.emplace(claim{epoch, token, generation});
          },
          [&](caf::error& why) { answer.emplace(std::move(why)); });
  if (!*answer || lease_)
    return std::move(*answer);
  auto lease = run_lease::hold(fs_, settings_.model, (*answer)->epoch);
  if (!lease)
    return lease.error();
  lease_ = std::move(*lease);
  return std::move(*answer);
}

caf::error controller::check_sharing(const cluster_view& nodes) {
  auto& folder = settings_.model;
  auto was_there = fs_->exists(folder);
  if (auto err = fs_->make_folder(folder))
    return err;
  auto name = probe_file(random_name());
  auto path = in_folder(folder, name);
  auto file = fs_->create(path);
  if (!file)
    return file.error();
  auto failure = (*file)->finish();
  for (auto& m : nodes.members) {
    if (failure)
      break;
    auto seen = await<std::string>(
        self_->request(m.node, defaults::deploy_timeout, look_atom::value,
                       name_of_model(folder), name));
    if (!seen)
      failure = fail(code_of(seen.error()) == ec::store_missing
                         ? ec::invalid_config
                         : code_of(seen.error()),
                     "store.path: {} is not shared with node {}: {}; set "
                     "store.path to a folder in the one that all nodes share "
                     "and were started with, --store FOLDER",
                     folder, m.address, explain(seen.error()));
  }
  fs_->remove(path);
  if (failure && !was_there)
    fs_->remove_folder(folder);
  return failure;
}

result<cluster_ptr> controller::measure_links(const cluster_ptr& nodes) {
  auto patience =
      std::chrono::milliseconds{settings_.cluster.connect_timeout_ms};
  auto out = std::make_shared<cluster_view>(*nodes);
  for (auto& x : out->members) {
    auto link = measure_link(self_, x.node, patience);
    if (!link)
      return within("node " + x.address, link.error());
    x.link = *link;
  }
  return cluster_ptr{out};
}

result<cluster_ptr> controller::join() {
  auto where = addresses();
  if (!where)
    return where.error();
  auto patience =
      std::chrono::milliseconds{settings_.cluster.connect_timeout_ms};
  dialer_ = system_.spawn(run_dialer, for_nodes_);
  distributor_ =
      system_.spawn(run_distributor, dialer_, gate_, for_nodes_.certificate,
                    patience, settings_.cluster.devices);
  return await<cluster_ptr>(
      self_->request(distributor_, 8 * patience, join_atom::value, *where));
}

result<deployed_ptr> controller::deploy(const deployment& job,
                                        const driver_actor& driver,
                                        const watcher& watch) {
  // An actor of its own waits for the answer, for meanwhile progress arrives.
  auto me = caf::actor_cast<caf::actor>(self_);
  auto plan = deployment_ptr{std::make_shared<const deployment>(job)};
  system_.spawn([=, to = distributor_](caf::event_based_actor* self) {
    self->request(to, 2 * defaults::deploy_timeout, deploy_atom::value, plan,
                  driver)
        .then([=](const deployed_ptr& x) { self->send(me, x); },
              [=](caf::error& why) { self->send(me, std::move(why)); });
  });
  std::optional<result<deployed_ptr>> answer;
  self_->receive_while([&answer] { return !answer; })(
      [&](const deployed_ptr& x) { answer.emplace(x); },
      [&](caf::error& why) { answer.emplace(std::move(why)); },
      [&](const progress_ptr& event) {
        if (watch)
          watch(*event);
      });
  return std::move(*answer);
}

result<deployed_ptr> controller::open_inference(const deployment& job,
                                                const watcher& watch) {
  if (inferrer_)
    self_->send_exit(inferrer_, caf::exit_reason::user_shutdown);
  inferrer_ = system_.spawn(
      run_inferrer,
      inferrer_settings{gate_, distributor_, job.train.window,
                        settings_.cluster.devices,
                        caf::actor_cast<caf::actor>(self_), own_addresses()});
  auto network = deploy(job, inferrer_, watch);
  if (network)
    self_->send(inferrer_, ready_atom::value, *network);
  return network;
}

result<manifest> controller::serve(model_store& store, uint32_t parts,
                                   const watcher& watch, uint32_t pages) {
  for (auto epoch = any_epoch();; ++epoch) {
    auto best = store.open(choice::best);
    if (!best)
      return best.error();
    auto token = store.epoch_token(best->epoch);
    if (!token)
      return token.error();
    if (auto err = repartition(*best, parts))
      return err;
    auto network = open_inference(
        make_inference(*best, store.folder(), epoch, *token, pages), watch);
    if (network)
      return best;
    if (code_of(network.error()) != ec::store_corrupt)
      return network.error();
    store.distrust(best->generation);
    if (watch)
      watch({.what = progress::kind::notice,
             .step = best->step,
             .text = passed_over(best->generation, network.error())});
  }
}

result<tensor> controller::infer(const tensor& inputs) {
  auto patience = std::chrono::milliseconds{settings_.cluster.step_timeout_ms};
  return await<tensor>(
      self_->request(inferrer_, patience, infer_atom::value, inputs));
}

result<written_rows> controller::write(uint64_t cache, const token_round& what,
                                       const tensor& tokens) {
  auto patience = std::chrono::milliseconds{settings_.cluster.step_timeout_ms};
  return await<written_rows>(self_->request(
      inferrer_, patience, round_atom::value, cache, what, tokens));
}

caf::error controller::infer_all(const std::vector<tensor>& questions) {
  auto patience = std::chrono::milliseconds{settings_.cluster.step_timeout_ms};
  auto ask = [&](const tensor& question) {
    return self_->request(inferrer_, patience, infer_atom::value, question);
  };
  std::vector<decltype(ask(questions.front()))> answers;
  for (auto& question : questions)
    answers.push_back(ask(question));
  caf::error failure;
  for (auto& answer : answers)
    answer.receive([](const tensor&) {},
                   [&failure](caf::error& why) { failure = std::move(why); });
  return failure;
}

} // namespace nnactor
