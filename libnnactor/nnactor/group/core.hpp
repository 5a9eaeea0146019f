#pragma once

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace nnactor {

/// What a core is for.
enum class core_use : uint8_t {
  device,  ///< Spins before it sleeps, so that messages find it awake.
  storage, ///< Work that may block for long: sleeps at once.
};

/// A thread that runs a device and the groups placed on it, or whoever works
/// with files, and nothing else. Messages between them are a push and a pop on
/// one queue; one from another core wakes it within a microsecond while it
/// spins, which it does for a bounded time before it sleeps.
///
/// CAF's detached actors are no alternative: their system waits until nobody
/// refers to them any more, and what lies in the mailbox of CAF's broker when
/// that ends is never given back.
class core {
public:
  /// @param cpu To pin the thread to; nothing: the kernel decides.
  core(caf::actor_system& system, std::optional<uint32_t> cpu,
       core_use use = core_use::device);

  /// Ends the thread. By then no actor is left on it: each holds its core.
  ~core();

  core(const core&) = delete;
  core& operator=(const core&) = delete;

  /// What makes actors ready on this core.
  caf::execution_unit* entry() const;

private:
  struct shared;
  std::shared_ptr<shared> shared_;
};

using core_ptr = std::shared_ptr<core>;

/// An actor that runs on a core, whoever sends to it. Without a core it is
/// scheduled like any other, as tests need it.
template <class Handle, class State>
class hosted : public Handle::template stateful_base<State> {
public:
  using super = typename Handle::template stateful_base<State>;
  using behavior_type = typename Handle::behavior_type;
  using function = std::function<behavior_type(
      typename Handle::template stateful_pointer<State>)>;

  hosted(caf::actor_config& config, core_ptr where, function run)
      : super(config), where_(std::move(where)), run_(std::move(run)) {
  }

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* sender) override {
    super::enqueue(std::move(what), where_ ? where_->entry() : sender);
  }

protected:
  behavior_type make_behavior() override {
    return std::exchange(run_, nullptr)(this);
  }

private:
  core_ptr where_;
  function run_;
};

/// Spawns an actor on a core: `run(self, xs...)` makes its behaviour.
template <class State, class Handle, class... Ts>
Handle spawn_on(caf::actor_system& system, const core_ptr& where,
                typename Handle::behavior_type (*run)(
                    typename Handle::template stateful_pointer<State>, Ts...),
                std::type_identity_t<Ts>... xs) {
  using actor_class = hosted<Handle, State>;
  caf::actor_config config{where ? where->entry() : nullptr};
  typename actor_class::function bound =
      [run, ... xs = std::move(xs)](
          typename Handle::template stateful_pointer<State> self) {
        return run(self, xs...);
      };
  return system.spawn_impl<actor_class, caf::no_spawn_options>(
      config, where, std::move(bound));
}

} // namespace nnactor
