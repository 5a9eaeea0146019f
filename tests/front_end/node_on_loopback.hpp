#pragma once

#include "nnactor/cluster/network_access.hpp"
#include "nnactor/run/training_run.hpp"
#include "run/jobs.hpp"
#include "store/fixture.hpp"

namespace nnactor::test {

/// A node that others reach, with a disk of its own.
class node_on_loopback {
public:
  node_on_loopback()
      : config_(1, {}, std::chrono::milliseconds{0}), system_(config_) {
    node_settings how;
    how.store = scratch_ / "";
    how.make_device = [](uint32_t) { return make_reference_device(); };
    how.measure = false;
    how.fs = make_posix_filesystem();
    how.dialer = dialer_ = system_.spawn(run_dialer, credentials{});
    node_ = system_.spawn(run_node, std::move(how));
    auto port = publish(node_, {"127.0.0.1", 0}, {});
    REQUIRE(port);
    address_ = fmt::format("127.0.0.1:{}", *port);
  }

  ~node_on_loopback() {
    caf::anon_send_exit(node_, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(dialer_, caf::exit_reason::user_shutdown);
  }

  /// A job in two parts, with a generation every ten steps.
  prepared_job job(uint64_t steps) const {
    auto net = language_model();
    auto out = small_job(net, dealt(net, 2, 1), steps);
    out.how.store.path = model();
    out.how.cluster.addresses = {address_};
    return out;
  }

  /// Leaves a model there.
  void train_a_model(uint64_t steps) const {
    auto what = job(steps);
    training_run run{what, {}};
    REQUIRE(!run.join());
    REQUIRE(!run.train([](auto&) {}, [](auto&) {}));
  }

  std::string model() const {
    return scratch_ / "m";
  }

private:
  scratch_folder scratch_;
  system_config config_;
  caf::actor_system system_;
  dialer_actor dialer_;
  node_actor node_;
  std::string address_;
};

} // namespace nnactor::test
