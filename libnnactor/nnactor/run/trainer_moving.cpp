#include "nnactor/partition/rebalance.hpp"
#include "nnactor/run/job_view.hpp"
#include "nnactor/run/trainer.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// Why nothing comes of what was asked before a node was lost or the run ended.
caf::error disturbed(bool ended) {
  if (ended)
    return fail(ec::unreachable, "the run has ended");
  return fail(ec::node_lost,
              "a node was lost meanwhile; ask again when the run "
              "goes on");
}

} // namespace

// -- what is to move ----------------------------------------------------------

void trainer_state::start_move(request why) {
  auto& job = *network->job;
  auto* meant = nodes.known().look_up(why.what.node);
  if (why.what.kind == command_kind::leave && meant != nullptr
      && nodes.known().is_lost(meant->address))
    return dismiss(std::move(why), *meant);
  auto node = index_of(why.what.node);
  if (!node)
    return refuse(why, node.error());
  auto what = plan_move(job, why.what, *node, settings.devices);
  if (!what)
    return refuse(why, what.error());
  begin_move({std::move(why), std::move(*what)});
}

void trainer_state::start_join(request why) {
  auto address = why.what.text;
  auto& servers = network->job->servers;
  if (std::ranges::find(servers, address, &server::address) != servers.end())
    return refuse(why, fail(ec::invalid_argument,
                            "{} is a node of this job already", address));
  if (nodes.is_expected(address) && !nodes.known().is_lost(address))
    return refuse(why, fail(ec::invalid_argument, "{} is not wanted any more",
                            name_of_node(address)));
  auto shared = std::make_shared<request>(std::move(why));
  auto asked = way_back.disturbances();
  self->request(settings.distributor, settings.patience, join_atom::value,
                std::vector<std::string>{address})
      .then(
          [this, shared, asked](const cluster_ptr&) {
            if (asked != way_back.disturbances())
              return shared->shell.refuse(disturbed(now == stage::idle));
            auto& job = *network->job;
            auto& address = shared->what.text;
            auto what = plan_join(job, nodes.welcome(job, address), address);
            begin_move({std::move(*shared), std::move(what)});
          },
          [this, shared, asked](const caf::error& why_not) {
            if (asked != way_back.disturbances())
              return shared->shell.refuse(why_not);
            refuse(*shared, why_not);
          });
}

void trainer_state::start_rebalance(request why) {
  auto shared = std::make_shared<request>(std::move(why));
  ask_statuses([this, shared,
                asked = way_back.disturbances()](const node_statuses& second) {
    if (asked != way_back.disturbances())
      return shared->shell.refuse(disturbed(now == stage::idle));
    auto& job = *network->job;
    auto busy = busy_between(job, shared->first_look, second);
    if (!busy)
      return refuse(*shared, busy.error());
    auto from = arrangement{job.parts, job.graph, job.where};
    auto plan = rebalance(
        job.net, from, *busy,
        std::min(settings.run.train.window, settings.run.train.micro_batches),
        settings.devices);
    auto transfers = differences(from, plan.next);
    auto answer = rebalance_view(plan, job.servers);
    if (transfers.empty()) {
      answer["text"] = "nothing to gain: no move would speed up the slowest "
                       "node";
      return finish_request(
          {std::move(*shared), {}, answer, self->clock().now()});
    }
    begin_move({std::move(*shared),
                {{std::move(plan.next), job.servers},
                 std::move(transfers),
                 job.servers},
                std::move(answer)});
  });
}

// -- how it moves -------------------------------------------------------------

void trainer_state::begin_move(moving what) {
  what.start = self->clock().now();
  moves.begin(std::move(what));
}

mover::effects trainer_state::effects_of_moves() {
  return {.commit = [this](commit_waiter who) { commit_here(std::move(who)); },
          .set_up = [this](auto& to, auto unclaimed,
                           auto& who) { set_up_anew(to, unclaimed, who); },
          .disturbed = [this] { recover(); },
          .moved =
              [this](moving done, const deployed_ptr& job) {
                finish_move(std::move(done), job);
              },
          .refused = [this](moving what,
                            const caf::error& why) { refuse(what.why, why); },
          .called_off =
              [this](moving what, const caf::error& why) {
                call_off_move(std::move(what), why);
              },
          .failed = [this](const caf::error& why) { on_failure(why); }};
}

void trainer_state::finish_move(moving done, const deployed_ptr& job) {
  auto& what = done.why.what;
  auto& [to, transfers, between] = done.what;
  done.answer["text"] = what.kind == command_kind::join
                            ? welcomed(done)
                            : describe(between, transfers);
  connect(job);
  // What people have put somewhere stays there.
  if (what.kind == command_kind::move_group)
    nodes.belongings().forget_group(what.group);
  else if (what.kind != command_kind::join && what.kind != command_kind::leave)
    nodes.belongings().clear(); // The partition may be another now.
  for (auto& x : between)
    if (std::ranges::find(job->job->servers, x.number, &server::number)
        == job->job->servers.end())
      nodes.let_go(x.address, boundary);
  finish_request(std::move(done));
}

std::string trainer_state::welcomed(const moving& done) const {
  auto& address = done.why.what.text;
  auto name = name_of_node(address);
  if (!nodes.known().is_lost(address))
    return name + " has joined";
  return done.what.transfers.empty()
             ? name + " is back, with no groups"
             : fmt::format("{} is back: {}", name,
                           describe(done.what.between, done.what.transfers));
}

void trainer_state::call_off_move(moving wanted, const caf::error& why) {
  way_back.break_off(self->clock().now());
  drop_work();
  auto& what = wanted.why.what;
  auto ours = what.kind == command_kind::join && nodes.is_expected(what.text);
  if (!ours || nodes.refuse(what.text, code_of(why), self->clock().now()))
    notice(fmt::format("{} failed, and the run goes on without it: {}",
                       to_string(what), explain(why)));
  if (!ours)
    wanted.why.shell.refuse(why);
  recover();
}

// `leave` of a node that is lost: it is not to be taken back.
void trainer_state::dismiss(request why, const roster::entry& whom) {
  auto gone = whom;
  nodes.let_go(gone.address, gone.step);
  moving done{std::move(why)};
  done.start = self->clock().now();
  done.answer["text"] =
      fmt::format("{}; it will not be taken back", describe(gone));
  finish_request(std::move(done));
}

void trainer_state::finish_request(moving done) {
  auto seconds =
      std::chrono::duration<double>(self->clock().now() - done.start);
  auto& answer = done.answer;
  answer["command"] = to_string(done.why.what.kind);
  answer["step"] = boundary;
  answer["epoch"] = network->job->epoch;
  answer["seconds"] = seconds.count();
  answer["moves"] = moves_view(done.what.between, done.what.transfers);
  notice(answer["text"]);
  done.why.shell.tell(answer);
  leave_boundary();
}

void trainer_state::refuse(const request& what, const caf::error& why) {
  what.shell.refuse(why);
  leave_boundary();
}

} // namespace nnactor
