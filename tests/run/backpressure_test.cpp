#include "nnactor/engine/footprint.hpp"
#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// A gate that takes everything and never returns credit.
gate_actor spawn_mute_gate(actor_world& in) {
  return in.adopt(
      in.system().spawn([](gate_actor::pointer) -> gate_actor::behavior_type {
        return {[](const tensor_piece&) {}, [](const routing_ptr&) {}};
      }));
}

uint64_t waiting_bytes(const node_state& node) {
  uint64_t out = 0;
  for (auto& link : node.job->links)
    for (auto& piece : state_of<link_state>(link).queue)
      out += piece.bytes.size();
  for (auto& link : node.job->links)
    out += state_of<link_state>(link).under_way;
  return out;
}

} // namespace

TEST_CASE(
    "a node that reads nothing holds the others back, within the window") {
  auto net = language_model();
  for (uint32_t window : {1, 2, 4})
    for (uint64_t seed = 0; seed < 6; ++seed) {
      CAPTURE(window);
      CAPTURE(seed);
      auto job = small_job(net, dealt(net, 2, 1), 1000, window);
      simulated_cluster x{{.seed = seed, .nodes = 2}};
      auto out = x.start_training(job);
      run_steps(x, out, 12);
      auto mute = spawn_mute_gate(x.world);
      auto& node = state_of<node_state>(x.nodes[0]);
      for (auto& link : node.job->links)
        state_of<link_state>(link).gate = mute;
      // Credit comes back in large amounts, so some bytes count as under way.
      auto before = waiting_bytes(node);
      x.world.settle();
      auto steps = out->count(kind::step);
      x.world.advance(std::chrono::seconds{10});
      CHECK(out->count(kind::step) == steps);
      CHECK(!out->ended);
      // What node 1 sends in a step, for the micro-batches in flight.
      auto& train = job.how.run.train;
      uint64_t a_step = 0;
      for (auto& link : traffic(
               job.net, {job.parts, job.graph, x.deployed->job->where}, train))
        if (link.from == 0)
          a_step += link.forward + link.backward;
      CHECK(waiting_bytes(node) - before
            <= a_step * window / train.micro_batches);
    }
}
