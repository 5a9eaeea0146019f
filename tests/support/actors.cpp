#include "support/actors.hpp"

#include "nnactor/neuron/random.hpp"

#include <caf/scheduled_actor.hpp>

#include <bit>
#include <numeric>

namespace nnactor::test {

actor_world::config::config() {
  set("scheduler.policy", caf::atom("testing"));
  set("logger.verbosity", caf::atom("quiet"));
  nnactor::add_message_types(*this);
}

actor_world::actor_world(uint64_t seed)
    : system_(config_),
      coordinator_(
          dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())),
      seed_(seed), random_(seed) {
  system_.await_actors_before_shutdown(false);
}

actor_world::~actor_world() {
  for (auto& x : adopted_)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  adopted_.clear();
  settle();
}

bool actor_world::step() {
  auto& jobs = coordinator_.jobs;
  if (seed_ != 0 && jobs.size() > 1) {
    auto chosen = jobs.begin() + static_cast<ptrdiff_t>(choose());
    std::rotate(jobs.begin(), chosen, chosen + 1);
  }
  return coordinator_.try_run_once();
}

size_t actor_world::choose() {
  constexpr uint64_t era_length = 100;
  auto& jobs = coordinator_.jobs;
  if (seed_ % 2 == 1)
    return random_() % jobs.size();
  if (random_() % era_length == 0)
    ++era_;
  // Addresses differ from run to run, ids do not.
  auto rank = counter_random{seed_, era_};
  size_t first = 0;
  uint64_t highest = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    auto* actor = dynamic_cast<caf::scheduled_actor*>(jobs[i]);
    auto bits = rank.bits(actor != nullptr ? actor->id() : 0);
    if (bits > highest) {
      highest = bits;
      first = i;
    }
  }
  return first;
}

void actor_world::tick(std::chrono::milliseconds by) {
  coordinator_.advance_time(by);
}

void actor_world::settle() {
  while (step()) {
  }
}

void actor_world::advance(std::chrono::milliseconds by) {
  constexpr auto most = std::chrono::milliseconds{50};
  settle();
  while (by.count() > 0) {
    auto now = std::min(by, most);
    coordinator_.advance_time(now);
    settle();
    by -= now;
  }
}

fake_driver_actor spawn_driver(actor_world& in,
                               std::shared_ptr<driver_record> record) {
  return in.adopt(in.system().spawn([record](fake_driver_actor::pointer)
                                        -> fake_driver_actor::behavior_type {
    return {
        [record](norm_atom, uint64_t, uint64_t step, group_id group,
                 uint64_t bits) {
          record->norms.push_back({step, group, std::bit_cast<double>(bits)});
        },
        [record](credit_atom, uint64_t, uint64_t step, uint32_t micro_batch,
                 group_id group) {
          record->credits.push_back({step, micro_batch, group});
        },
        [record](written_atom, uint64_t, uint64_t generation, node_index node,
                 const std::vector<char>& slices) {
          record->slices.push_back({generation, node, slices});
        },
        [record](unsaved_atom, uint64_t, uint64_t, node_index,
                 const caf::error& why) { record->unsaved.push_back(why); },
        [](lost_atom, uint64_t, node_index) {},
        [record](loading_atom, uint64_t, node_index, uint64_t bytes,
                 uint64_t of) { record->loaded.emplace_back(bytes, of); },
        [record](failed_atom, uint64_t, const caf::error& why) {
          record->failures.push_back(why);
        },
        [record](command_atom, const std::string& line) {
          record->commands.push_back(line);
          return std::string{"{}"};
        },
        [record](const tensor_message& what) {
          record->results.push_back(what);
        },
    };
  }));
}

sink_actor spawn_sink(actor_world& in, tensor_record record) {
  return in.adopt(in.system().spawn(
      [record](sink_actor::pointer) -> sink_actor::behavior_type {
        return {
            [record](const tensor_message& what) { record->push_back(what); }};
      }));
}

persistence_actor spawn_persistence(actor_world& in,
                                    std::shared_ptr<save_record> record) {
  return in.adopt(in.system().spawn(
      [record](persistence_actor::pointer) -> persistence_actor::behavior_type {
        return {
            [](deploy_atom, const deployment_ptr&, const carried_ptr&,
               const driver_actor&) -> result<programs_ptr> {
              return programs_ptr{};
            },
            [](save_atom, uint64_t, uint32_t, const driver_actor&) {},
            [record](save_atom, uint64_t, uint64_t generation,
                     const parameters_ptr& what) {
              record->saves.emplace_back(generation, what);
            },
            [](look_atom, const std::string&, const std::string&) {
              return std::string{};
            },
            [](look_atom) { return uint64_t{1}; },
            [](claim_atom) -> caf::result<uint64_t, std::string, uint64_t> {
              return {uint64_t{1}, std::string{}, uint64_t{0}};
            },
            [](commit_atom, const manifest_ptr& what,
               uint32_t) -> result<manifest_ptr> { return what; },
        };
      }));
}

device_actor spawn_device(actor_world& in, std::shared_ptr<held_device> held) {
  return in.adopt(in.system().spawn(
      [held](device_actor::pointer) -> device_actor::behavior_type {
        return {
            [held](const block_ptr& what) { held->blocks.push_back(what); }};
      }));
}

tensor ramp(shape extent, float first) {
  tensor_builder<float> out{extent};
  std::iota(out.values().begin(), out.values().end(), first);
  return std::move(out).share();
}

tensor tokens(shape extent, std::vector<int32_t> values) {
  tensor_builder<int32_t> out{extent};
  std::copy(values.begin(), values.end(), out.values().begin());
  return std::move(out).share();
}

} // namespace nnactor::test
