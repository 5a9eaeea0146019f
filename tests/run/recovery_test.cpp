#include "run/jobs.hpp"
#include "store/observed_filesystem.hpp"
#include "support/networks.hpp"

#include <cstdlib>
#include <numeric>
#include <random>
#include <sstream>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// The end of a run that nobody disturbed, and how many messages it took.
struct undisturbed {
  std::vector<parameter_set> model;
  size_t messages = 0;
};

undisturbed run_in_peace(const prepared_job& job, const simulation& how) {
  simulated_cluster x{how};
  auto out = x.start_training(job);
  undisturbed result;
  while (!out->ended && x.world.step())
    ++result.messages;
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  result.model = content(x.store());
  return result;
}

/// What must hold whenever a job is set up: every neuron is in one group, and
/// every group on one device of one node that is there.
void check_placement(const deployment& job) {
  partition groups;
  uint64_t neurons = 0;
  for (auto& g : job.graph.groups) {
    neurons += g.neurons.size();
    groups.parts.push_back(g.neurons);
  }
  CHECK(neurons == job.net.neuron_count());
  neuron_set all;
  for (auto& x : groups.parts)
    all = unite(all, x);
  CHECK(all.size() == neurons);
  CHECK(job.where.seats.size() == job.graph.groups.size());
  for (auto& seat : job.where.seats)
    CHECK(seat.node < job.servers.size());
}

/// Looks at a run from outside, message by message.
class watched_run {
public:
  /// @param disk Behind whatever fails now and then.
  watched_run(simulated_cluster& x, simulated_cluster::outcome_ptr out,
              const prepared_job& job, std::shared_ptr<filesystem> disk)
      : x_(x), out_(std::move(out)), job_(job), disk_(std::move(disk)) {
  }

  bool step() {
    if (out_->ended || !x_.world.step())
      return false;
    if (++messages_ % 16 == 0)
      REQUIRE(is_bounded(x_, job_));
    auto& network = state_of<trainer_state>(x_.trainer).network;
    if (!network)
      return true;
    auto& job = *network->job;
    if (job.epoch != epoch_) {
      CHECK(job.epoch > epoch_);
      epoch_ = job.epoch;
      check_placement(job);
    }
    if (auto commits = out_->count(kind::committed); commits > commits_) {
      commits_ = commits;
      check_store();
    }
    return true;
  }

  void take(size_t messages) {
    for (size_t i = 0; i < messages && step(); ++i) {
    }
  }

  void finish() {
    for (int i = 0; i < 100 && !out_->ended; ++i) {
      while (step()) {
      }
      if (!out_->ended)
        x_.world.tick(std::chrono::seconds{1});
    }
  }

  uint64_t epoch() const {
    return epoch_;
  }

private:
  /// The newest generation is there and whole, and no older than before.
  void check_store() {
    model_store store{disk_, "store/tiny"};
    auto newest = store.open(choice::newest);
    REQUIRE(newest);
    CHECK(newest->generation >= generation_);
    generation_ = newest->generation;
    CHECK(store.verify(*newest, nullptr)->empty());
  }

  simulated_cluster& x_;
  simulated_cluster::outcome_ptr out_;
  const prepared_job& job_;
  std::shared_ptr<filesystem> disk_;
  uint64_t messages_ = 0;
  uint64_t epoch_ = 0;
  size_t commits_ = 0;
  uint64_t generation_ = 0;
};

/// Late messages of an epoch that is over, from whoever has not noticed.
void haunt(simulated_cluster& x, uint64_t epoch, std::mt19937_64& random) {
  driver_actor trainer{x.trainer};
  auto step = random() % 40;
  caf::anon_send(trainer, credit_atom::value, epoch, step, uint32_t{0},
                 group_id{2});
  caf::anon_send(trainer, norm_atom::value, epoch, step, group_id{3},
                 uint64_t{1});
  caf::anon_send(trainer, written_atom::value, epoch,
                 uint64_t{1 + random() % 5}, node_index{0},
                 std::vector<char>(8, 'z'));
  caf::anon_send(trainer, unsaved_atom::value, epoch,
                 uint64_t{1 + random() % 5}, node_index{0},
                 fail(ec::store_unwritable, "of a zombie"));
  caf::anon_send(trainer, failed_atom::value, epoch,
                 fail(ec::device_failure, "of a zombie"));
  caf::anon_send(trainer, lost_atom::value, epoch, node_index{0});
  // Tensors that were on their way, twice.
  for (auto& node : x.nodes)
    if (auto& job = state_of<node_state>(node).job)
      for (auto& [id, group] : job->groups) {
        auto work = work_id{epoch, step, phase::train, 0};
        auto key = tensor_key{work, 0, direction::forward, 0, 0};
        for (int i = 0; i < 2; ++i)
          caf::anon_send(group, tensor_message{key, tensor{}});
      }
}

/// Everybody dies at once, and storage forgets what was not synced; a new
/// driver and new nodes go on.
void resume_after_power_loss(const prepared_job& job, const simulation& how,
                             const std::shared_ptr<memory_filesystem>& disk) {
  disk->power_loss();
  auto anew = how;
  anew.storage = disk;
  simulated_cluster x{anew};
  // The power may have gone after the last commit: then all is there.
  auto newest = x.store().open(choice::newest);
  if (newest && newest->step == job.how.run.steps)
    return;
  auto out = x.resume_training(job);
  watched_run run{x, out, job, disk};
  run.finish();
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  REQUIRE_MESSAGE(out->ended, "stands still");
}

/// The life itself; whether the power goes before it has ended.
bool disturb(const prepared_job& job, const simulation& how,
             const undisturbed& expected, observed_filesystem& disk,
             const std::shared_ptr<filesystem>& behind,
             std::mt19937_64& random) {
  simulated_cluster x{how};
  auto out = x.start_training(job);
  watched_run run{x, out, job, behind};
  if (random() % 3 == 0)
    disk.fail_at = disk.operations + 1 + random() % 200;
  std::vector<size_t> alive(how.nodes);
  std::iota(alive.begin(), alive.end(), size_t{0});
  auto disturbances = 1 + random() % (how.nodes - 1);
  for (uint64_t i = 0; i < disturbances; ++i) {
    // The second may come while the first is being recovered from.
    run.take(random() % (i == 0 ? expected.messages : expected.messages / 8));
    auto before = run.epoch();
    auto which = random() % alive.size();
    if (random() % 4 == 0)
      caf::anon_send(driver_actor{x.trainer}, lost_atom::value, before,
                     node_index{0});
    else
      x.kill(alive[which]);
    // It may come back while others still notice that it was gone.
    if (!x.addresses->contains(fmt::format("node:{}", alive[which] + 1))
        && random() % 2 == 0) {
      x.restart(alive[which]);
      run.take(random() % 200);
      x.world.tick(std::chrono::seconds{2});
    }
    alive.erase(alive.begin() + static_cast<ptrdiff_t>(which));
    run.take(random() % 500);
    if (run.epoch() > before)
      haunt(x, before, random);
  }
  if (random() % 3 == 0)
    run.take(random() % expected.messages);
  else
    run.finish();
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  return !out->ended;
}

/// One life of a cluster, all of it drawn from the seed: network, partition,
/// nodes, window, order of messages (where actors starve for a while, slow
/// links and slow disks), nodes that die, come back or lose each other, a disk
/// that fails once, messages of epochs that are over, and a power loss. The
/// model must be that of an undisturbed run.
void simulate(uint64_t seed) {
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  auto net = random() % 3 == 0   ? recurrent_network()
             : random() % 3 == 0 ? sparse_network()
             : random() % 3 == 0 ? small_gpt(1, 12, 3, 4, 7)
                                 : language_model();
  auto job = small_job(net, dealt(net, 4, 3), 20,
                       static_cast<uint32_t>(1 + random() % 4),
                       random() % 2 ? 0.0f : 0.3f);
  job.how.store.every = random() % 3 == 0 ? 1 : 0;
  simulation how{.seed = seed,
                 .nodes = static_cast<uint32_t>(2 + random() % 3)};
  how.devices = static_cast<uint32_t>(1 + random() % 2);
  auto expected = run_in_peace(job, how);
  auto inner = std::make_shared<memory_filesystem>();
  auto disk = std::make_shared<observed_filesystem>(inner);
  how.storage = disk;
  if (disturb(job, how, expected, *disk, inner, random))
    resume_after_power_loss(job, how, inner);
  CHECK(same_bytes(content({inner, "store/tiny"}), expected.model));
}

/// From NNACTOR_SEEDS: FIRST-LAST, or one alone.
std::pair<uint64_t, uint64_t> seeds() {
  const auto* text = std::getenv("NNACTOR_SEEDS");
  if (text == nullptr)
    return {0, 199};
  std::istringstream in{text};
  uint64_t first = 0;
  in >> first;
  auto last = first;
  if (in.get() == '-')
    in >> last;
  return {first, last};
}

} // namespace

TEST_CASE("simulated lives of clusters end as undisturbed ones") {
  auto [first, last] = seeds();
  for (auto seed = first; seed <= last; ++seed)
    simulate(seed);
}
