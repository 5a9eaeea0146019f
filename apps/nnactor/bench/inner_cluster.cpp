#include "bench/inner_cluster.hpp"

#include "nnactor/cluster/gate.hpp"
#include "nnactor/cluster/node.hpp"
#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/store/filesystem.hpp"

namespace nnactor {

namespace {

constexpr auto patience = std::chrono::seconds{60};

// Handlers of the driver are short, and its threads share cores with devices.
constexpr size_t driver_threads = 1;

dialer_actor::behavior_type dial(dialer_actor::pointer, node_actor only) {
  return {[only](dial_atom, const std::string&, uint32_t) { return only; }};
}

} // namespace

inner_cluster::inner_cluster(const std::vector<uint32_t>& cpus)
    : devices_(static_cast<uint32_t>(cpus.size())),
      config_(driver_threads, {}, std::chrono::milliseconds{0}),
      system_(config_), self_(system_) {
  gate_ = system_.spawn(run_gate);
  node_settings settings;
  settings.devices = devices_;
  settings.cpus = cpus;
  settings.make_device = [](uint32_t) { return make_cpu_device(); };
  settings.measure = false;
  settings.fs = make_memory_filesystem();
  // The node needs a dialer, the dialer the node: the one it gets reaches none.
  settings.dialer = system_.spawn(dial, node_actor{});
  dialer_ = settings.dialer;
  node_ = system_.spawn(run_node, std::move(settings));
  self_->send_exit(dialer_, caf::exit_reason::user_shutdown);
  dialer_ = system_.spawn(dial, node_);
  distributor_ = system_.spawn(run_distributor, dialer_, gate_, std::string{},
                               std::chrono::milliseconds{patience}, devices_);
}

inner_cluster::~inner_cluster() {
  for (auto& actor :
       {caf::actor_cast<caf::actor>(inferrer_),
        caf::actor_cast<caf::actor>(distributor_),
        caf::actor_cast<caf::actor>(dialer_),
        caf::actor_cast<caf::actor>(gate_), caf::actor_cast<caf::actor>(node_)})
    if (actor)
      self_->send_exit(actor, caf::exit_reason::user_shutdown);
}

result<deployed_ptr> inner_cluster::open(const deployment& job) {
  if (inferrer_)
    self_->send_exit(inferrer_, caf::exit_reason::user_shutdown);
  inferrer_ = system_.spawn(
      run_inferrer,
      inferrer_settings{gate_, distributor_, job.train.window, devices_});
  std::optional<result<deployed_ptr>> answer;
  auto refuse = [&answer](caf::error& why) { answer.emplace(std::move(why)); };
  self_
      ->request(distributor_, patience, join_atom::value,
                std::vector<std::string>{"this process"})
      .receive([](const cluster_ptr&) {}, refuse);
  if (!answer)
    self_
        ->request(distributor_, patience, deploy_atom::value,
                  deployment_ptr{std::make_shared<const deployment>(job)},
                  driver_actor{inferrer_})
        .receive([&](const deployed_ptr& x) { answer.emplace(x); }, refuse);
  if (*answer)
    self_->send(inferrer_, ready_atom::value, **answer);
  return std::move(*answer);
}

caf::error inner_cluster::ask(const std::vector<tensor>& questions) {
  caf::error failure;
  auto send = [&](const tensor& question) {
    return self_->request(inferrer_, patience, infer_atom::value, question);
  };
  std::vector<decltype(send(questions.front()))> answers;
  for (auto& question : questions)
    answers.push_back(send(question));
  for (auto& answer : answers)
    answer.receive([](const tensor&) {},
                   [&failure](caf::error& why) { failure = std::move(why); });
  return failure;
}

} // namespace nnactor
