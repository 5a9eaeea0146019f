#include "nnactor/partition/rebalance.hpp"
#include "nnactor/run/job_view.hpp"
#include "nnactor/run/trainer.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr double nanoseconds = 1e-9;

// Seconds a step that the blocks of each group took between two looks.
result<std::vector<double>>
busy_between(const deployed_network& network,
             const std::vector<std::optional<node_status>>& first,
             const std::vector<std::optional<node_status>>& second) {
  std::vector<double> busy(network.job->graph.groups.size());
  for (size_t i = 0; i < second.size(); ++i) {
    if (!first[i] || !second[i])
      return fail(ec::timeout, "{} did not say what it does",
                  name_of(network.job->servers[i]));
    for (auto& after : second[i]->groups) {
      auto before = std::ranges::find(first[i]->groups, after.group,
                                      &group_status::group);
      if (before == first[i]->groups.end() || after.group >= busy.size()
          || after.version <= before->version)
        continue;
      busy[after.group] =
          static_cast<double>(after.busy_ns - before->busy_ns) * nanoseconds
          / static_cast<double>(after.version - before->version);
    }
  }
  return busy;
}

caf::error disturbed() {
  return fail(ec::node_lost,
              "a node was lost meanwhile; ask again when the run "
              "goes on");
}

} // namespace

arrangement trainer_state::arranged() const {
  auto& job = *network->job;
  return {job.parts, job.graph, job.where};
}

void trainer_state::start_move(request why) {
  auto from = arranged();
  auto& net = network->job->net;
  auto* meant = nodes.known().look_up(why.what.node);
  if (why.what.kind == command_kind::leave && meant != nullptr
      && nodes.known().is_lost(meant->address))
    return dismiss(std::move(why), *meant);
  auto to = index_of(why.what.node);
  if (!to)
    return refuse(std::move(why), to.error());
  auto next = why.what.kind == command_kind::leave
                  ? evacuate_node(net, from, *to, settings.devices)
              : why.what.kind == command_kind::move_group
                  ? move_group(from, why.what.group, *to, settings.devices)
                  : move_neurons(net, from, {why.what.first, why.what.last + 1},
                                 *to, settings.devices);
  if (!next)
    return refuse(std::move(why), next.error());
  auto servers = network->job->servers;
  auto transfers = differences(from, *next);
  if (why.what.kind == command_kind::leave) {
    next = drop_node(*next, *to);
    servers.erase(servers.begin() + *to);
  }
  begin_move({std::move(why),
              {std::move(*next), std::move(servers)},
              std::move(transfers),
              network->job->servers,
              {},
              {}});
}

void trainer_state::start_join(request why) {
  now = stage::serving;
  auto address = why.what.text;
  auto& servers = network->job->servers;
  if (std::ranges::find(servers, address, &server::address) != servers.end())
    return refuse(std::move(why),
                  fail(ec::invalid_argument, "{} is a node of this job already",
                       address));
  if (nodes.is_expected(address) && !nodes.known().is_lost(address))
    return refuse(std::move(why),
                  fail(ec::invalid_argument, "{} is not wanted any more",
                       name_of_node(address)));
  auto shared = std::make_shared<request>(std::move(why));
  auto asked = way_back.disturbances();
  self->request(settings.distributor, settings.patience, join_atom::value,
                std::vector<std::string>{address})
      .then(
          [this, shared, asked](const cluster_ptr&) {
            if (asked != way_back.disturbances())
              return shared->shell.refuse(disturbed());
            begin_move(welcome(std::move(*shared)));
          },
          [this, shared, asked](const caf::error& why_not) {
            if (asked != way_back.disturbances())
              return shared->shell.refuse(why_not);
            refuse(std::move(*shared), why_not);
          });
}

void trainer_state::start_rebalance(request why) {
  now = stage::serving;
  auto shared = std::make_shared<request>(std::move(why));
  ask_statuses([this, shared,
                asked = way_back.disturbances()](const statuses& second) {
    if (asked != way_back.disturbances())
      return shared->shell.refuse(disturbed());
    auto busy = busy_between(*network, shared->first_look, second);
    if (!busy)
      return refuse(std::move(*shared), busy.error());
    auto from = arranged();
    auto plan = rebalance(
        network->job->net, from, *busy,
        std::min(settings.run.train.window, settings.run.train.micro_batches),
        settings.devices);
    auto transfers = differences(from, plan.next);
    auto& servers = network->job->servers;
    auto answer = rebalance_view(plan, servers);
    if (transfers.empty()) {
      answer["text"] = "nothing to gain: no move would speed up the slowest "
                       "node";
      return finish_request(
          {std::move(*shared), {}, {}, {}, answer, self->clock().now()});
    }
    begin_move({std::move(*shared),
                {std::move(plan.next), servers},
                std::move(transfers),
                servers,
                std::move(answer),
                {}});
  });
}

// Whatever the new arrangement is: commit, claim an epoch, set everybody up.
void trainer_state::begin_move(moving what) {
  now = stage::serving;
  what.start = self->clock().now();
  move = std::move(what);
  // Nothing has changed yet.
  auto stay = [this](const caf::error& why) {
    if (now == stage::idle)
      return;
    auto wanted = std::move(*move);
    move.reset();
    refuse(std::move(wanted.why), why);
  };
  auto go = [this, stay] {
    set_up_anew(move->to, stay,
                {.then = [this](const deployed_ptr& job) { finish_move(job); },
                 .otherwise = [this](const caf::error& why) { fail_move(why); },
                 .disturbed = [this] { recover(); }});
  };
  commit_here({go, stay});
}

void trainer_state::fail_move(const caf::error& why) {
  if (now == stage::idle)
    return;
  if (is_loss(why) || move->why.what.kind == command_kind::join)
    call_off_move(why);
  else
    on_failure(why);
}

void trainer_state::finish_move(const deployed_ptr& job) {
  if (now == stage::idle)
    return;
  auto done = std::move(*move);
  move.reset();
  done.answer["text"] = done.why.what.kind == command_kind::join
                            ? welcomed(done)
                            : describe(done.between, done.transfers);
  connect(job);
  forget_homes(done);
  for (auto& x : done.between)
    if (std::ranges::find(job->job->servers, x.number, &server::number)
        == job->job->servers.end())
      nodes.let_go(x.address, boundary);
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
  answer["moves"] = moves_view(done.between, done.transfers);
  notice(answer["text"]);
  done.why.shell.tell(answer);
  leave_boundary();
}

void trainer_state::refuse(request what, const caf::error& why) {
  what.shell.refuse(why);
  leave_boundary();
}

} // namespace nnactor
