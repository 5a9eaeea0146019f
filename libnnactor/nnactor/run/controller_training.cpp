#include "nnactor/cluster/refusals.hpp"
#include "nnactor/run/controller.hpp"

namespace nnactor {

caf::error
controller::train(const deployment& job, trainer_settings how,
                  const std::function<void(const deployed_network&)>& placed,
                  const watcher& watch) {
  how.gate = gate_;
  how.persistence = persistence_;
  how.distributor = distributor_;
  how.devices = settings_.cluster.devices;
  how.own_nodes = own_addresses();
  how.observer = caf::actor_cast<caf::actor>(self_);
  auto trainer = system_.spawn(run_trainer, std::move(how));
  auto network = deploy(job, trainer, watch);
  auto failed = network ? open_control(trainer) : network.error();
  if (failed) {
    self_->send_exit(trainer, caf::exit_reason::user_shutdown);
    return failed;
  }
  placed(**network);
  self_->send(trainer, ready_atom::value, *network);
  auto failure = watch_training(trainer, watch);
  close_control(trainer,
                failure ? failure : fail(ec::unreachable, "the run has ended"));
  return failure;
}

caf::error controller::watch_training(const trainer_actor& trainer,
                                      const watcher& watch) {
  caf::error failure;
  bool done = false;
  auto step = std::make_shared<std::atomic<uint64_t>>(0);
  listen_to_refusals([step, me = caf::actor_cast<caf::actor>(self_)](
                         const std::string& line) {
    caf::anon_send(
        me, std::make_shared<const progress>(progress{
                .what = progress::kind::notice, .step = *step, .text = line}));
  });
  self_->monitor(trainer);
  self_->receive_while([&done] { return !done; })(
      [&](const progress_ptr& event) {
        watch(*event);
        if (event->step > 0)
          *step = event->step;
        failure = event->error;
        done = event->what == progress::kind::finished
               || event->what == progress::kind::stopped
               || event->what == progress::kind::failed;
      },
      [&](stop_atom) { self_->send(trainer, stop_atom::value); },
      // An exception of a library.
      [&](const caf::down_msg& end) {
        if (end.source != trainer.address())
          return;
        failure =
            fail(ec::internal, "training has ended ({})", explain(end.reason));
        done = true;
      });
  listen_to_refusals({});
  self_->demonitor(trainer.address());
  return failure;
}

void controller::stop() {
  caf::anon_send(caf::actor_cast<caf::actor>(self_), stop_atom::value);
}

// Whoever watches it, as shells do, learns why.
void controller::close_control(const trainer_actor& trainer, caf::error why) {
  if (auto where = parse_address(control_address_))
    unpublish(trainer, where->port);
  control_ = nullptr;
  self_->send_exit(trainer, std::move(why));
}

caf::error controller::open_control(const trainer_actor& trainer) {
  auto where = parse_address(settings_.cluster.control, port_zero::any);
  if (!where)
    return where.error();
  control_ = trainer;
  auto port = publish(control_, *where, settings_.cluster.who);
  if (!port)
    return port.error();
  control_address_ = to_string(host_port{where->host, *port});
  return caf::none;
}

} // namespace nnactor
