#pragma once

#include "nnactor/group/block.hpp"
#include "nnactor/messages/actors.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace nnactor::test {

/// What somebody who was asked has said: nothing yet, a value or an error.
template <class T>
class answer {
public:
  answer() : said_(std::make_shared<std::optional<result<T>>>()) {
  }

  void say(result<T> what) const {
    *said_ = std::move(what);
  }

  bool is_there() const {
    return said_->has_value();
  }

  /// @throws std::runtime_error without an answer or with an error
  T value() const {
    if (!is_there())
      throw std::runtime_error("nobody answered");
    if (!**said_)
      throw std::runtime_error(explain((**said_).error()));
    return ***said_;
  }

  /// Empty where there is a value or no answer.
  caf::error error() const {
    return is_there() && !**said_ ? (**said_).error() : caf::error{};
  }

private:
  std::shared_ptr<std::optional<result<T>>> said_;
};

/// An actor system in which nothing happens but what a test lets happen, on
/// the test's own thread and in simulated time.
class actor_world {
public:
  /// @param seed 0: messages are taken in the order in which actors became
  ///        runnable. Odd: each message is taken by an actor drawn at random.
  ///        Even: some actors go first and others starve for a while, then
  ///        others do. So actors get ahead of each other in every way that
  ///        CAF allows.
  explicit actor_world(uint64_t seed = 0);

  /// Ends whatever still lives.
  ~actor_world();

  caf::actor_system& system() {
    return system_;
  }

  /// Lets one actor take one message; false if no message is left.
  bool step();

  /// Lets actors work until nobody has a message left; time stands still.
  void settle();

  /// Does the same until `done`; returns whether that was reached.
  template <class Predicate>
  bool settle_until(Predicate done) {
    while (!done())
      if (!step())
        return false;
    return true;
  }

  /// Moves time on, a little at a time, and settles after each move.
  void advance(std::chrono::milliseconds by);

  /// Moves time on; whoever that wakes up takes no message yet.
  void tick(std::chrono::milliseconds by);

  /// Ends an actor together with this world at the latest.
  template <class Handle>
  Handle adopt(Handle x) {
    adopted_.push_back(caf::actor_cast<caf::actor>(x));
    return x;
  }

  /// Sends a request from an actor of its own.
  template <class T, class Handle, class... Ts>
  answer<T> ask(const Handle& whom, Ts... what) {
    answer<T> out;
    system_.spawn([=](caf::event_based_actor* self) {
      self->request(whom, caf::infinite, what...)
          .then([out](const T& x) { out.say(x); },
                [out](const caf::error& why) { out.say(why); });
    });
    return out;
  }

  /// Sends a request, settles and returns what was answered.
  template <class T, class Handle, class... Ts>
  answer<T> ask_now(const Handle& whom, Ts... what) {
    auto out = ask<T>(whom, what...);
    settle();
    return out;
  }

private:
  struct config : caf::actor_system_config {
    config();
  };

  config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& coordinator_;
  size_t choose();

  uint64_t seed_;
  uint64_t era_ = 0; ///< Between two changes of who starves.
  std::mt19937_64 random_;
  std::vector<caf::actor> adopted_;
};

/// Everything that reached a driver.
struct driver_record {
  struct norm {
    uint64_t step;
    group_id group;
    double value;
  };
  struct credit {
    uint64_t step;
    uint32_t micro_batch;
    group_id group;
  };
  struct written {
    uint64_t generation;
    node_index node;
    std::vector<char> slices;
  };
  std::vector<tensor_message> results;
  std::vector<norm> norms;
  std::vector<credit> credits;
  std::vector<written> slices;
  std::vector<caf::error> failures;
  std::vector<std::pair<uint64_t, uint64_t>> loaded;
  std::vector<caf::error> unsaved;
  std::vector<std::string> commands;
};

/// A driver that also takes results.
using fake_driver_actor = driver_actor::extend<caf::reacts_to<tensor_message>>;

/// Spawns a driver that only writes down what it gets.
fake_driver_actor spawn_driver(actor_world& in,
                               std::shared_ptr<driver_record> record);

using tensor_record = std::shared_ptr<std::vector<tensor_message>>;

/// Spawns somebody who takes tensors, group or link, and keeps them.
sink_actor spawn_sink(actor_world& in, tensor_record record);

/// The parameters that groups have sent to be saved, by generation.
struct save_record {
  std::vector<std::pair<uint64_t, parameters_ptr>> saves;
};

persistence_actor spawn_persistence(actor_world& in,
                                    std::shared_ptr<save_record> record);

/// A device on which nothing runs before the test says what.
struct held_device {
  std::deque<block_ptr> blocks;
};

device_actor spawn_device(actor_world& in, std::shared_ptr<held_device> held);

/// A matrix of consecutive values from `first` on.
tensor ramp(shape extent, float first = 0);

/// i32 values, one row.
tensor tokens(shape extent, std::vector<int32_t> values);

} // namespace nnactor::test
