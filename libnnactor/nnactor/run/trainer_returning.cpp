#include "nnactor/run/job_view.hpp"
#include "nnactor/run/trainer.hpp"

#include <algorithm>

namespace nnactor {

// -- where groups were --------------------------------------------------------

// Groups of a node that was lost, on which they have not been all the time, may
// have had to leave another one before: that is where they belong.
void trainer_state::remember_homes(const std::string& address) {
  auto& job = *network->job;
  auto of = std::ranges::find(job.servers, address, &server::address);
  if (of == job.servers.end())
    return;
  auto index = static_cast<node_index>(of - job.servers.begin());
  for (group_id id = 0; id < job.where.seats.size(); ++id)
    if (job.where.seats[id].node == index)
      homes.try_emplace(id, home{of->number, job.where.seats[id].device});
}

// What people have put somewhere stays there.
void trainer_state::forget_homes(const moving& done) {
  auto& what = done.why.what;
  if (what.kind == command_kind::move_group) {
    homes.erase(what.group);
  } else if (what.kind == command_kind::join) {
    auto number = nodes.number_of(what.text);
    std::erase_if(homes, [&](auto& x) { return x.second.node == number; });
  } else if (what.kind != command_kind::leave) {
    // The partition may be another now.
    homes.clear();
  }
}

trainer_state::moving trainer_state::welcome(request why) {
  auto newcomer = server{why.what.text, {}, nodes.number_of(why.what.text)};
  auto servers = network->job->servers;
  auto at = std::find_if(servers.begin(), servers.end() - 1,
                         [&](auto& x) { return x.number > newcomer.number; });
  auto index = static_cast<node_index>(at - servers.begin());
  servers.insert(at, newcomer);
  auto empty = add_node(arranged(), index);
  auto next = empty;
  for (auto& [group, to] : homes)
    if (to.node == newcomer.number)
      next.where.seats[group] = {index, to.device};
  auto transfers = differences(empty, next);
  return {std::move(why),
          {std::move(next), servers},
          std::move(transfers),
          servers,
          {},
          {}};
}

std::string trainer_state::welcomed(const moving& done) const {
  auto& address = done.why.what.text;
  auto name = name_of_node(address);
  if (!nodes.is_lost(address))
    return name + " has joined";
  return done.transfers.empty()
             ? name + " is back, with no groups"
             : fmt::format("{} is back: {}", name,
                           describe(done.between, done.transfers));
}

// -- who comes back -----------------------------------------------------------

// One at a time, while training goes on.
void trainer_state::look_for_the_lost() {
  if (!expected.empty() || stopping || now == stage::finishing
      || now == stage::stuck)
    return;
  auto due = lost_nodes.due(self->clock().now());
  if (!due)
    return;
  expected = *due;
  self->request(settings.distributor, settings.patience, join_atom::value,
                std::vector<std::string>{expected})
      .then(
          [this, asked = way_back.disturbances(),
           address = *due](const cluster_ptr&) {
            if (asked == way_back.disturbances())
              take_back(address);
            else
              stays_away(address, fail(ec::node_lost, "something else was"));
          },
          [this, address = *due](const caf::error& why) {
            stays_away(address, why);
          });
}

void trainer_state::take_back(const std::string& address) {
  command join;
  join.kind = command_kind::join;
  join.text = address;
  answer_at_boundary({join, reply{[this, address](const caf::error& why) {
                        stays_away(address, why);
                      }}});
}

void trainer_state::stays_away(const std::string& address,
                               const caf::error& why) {
  if (expected == address)
    expected.clear();
  if (now == stage::idle)
    return;
  auto time = self->clock().now();
  if (is_loss(why))
    lost_nodes.miss(address, time);
  else if (lost_nodes.refuse(address, code_of(why), time))
    notice(fmt::format("{} answers again, but cannot be taken back: {}",
                       name_of_node(address), explain(why)));
}

// A new epoch may have begun for some nodes already, so that all need another.
void trainer_state::call_off_move(const caf::error& why) {
  auto wanted = std::move(*move);
  move.reset();
  way_back.break_off(self->clock().now());
  drop_work();
  auto& what = wanted.why.what;
  auto ours = what.kind == command_kind::join && what.text == expected;
  if (ours)
    expected.clear();
  if (!ours || lost_nodes.refuse(what.text, code_of(why), self->clock().now()))
    notice(fmt::format("{} failed, and the run goes on without it: {}",
                       to_string(what), explain(why)));
  if (!ours)
    wanted.why.shell.refuse(why);
  recover();
}

// `leave` of a node that is lost: it is not to be taken back.
void trainer_state::dismiss(request why, const roster::entry& whom) {
  auto gone = whom;
  lost_nodes.forget(gone.address);
  nodes.let_go(gone.address, gone.step);
  std::erase_if(homes, [&](auto& x) { return x.second.node == gone.number; });
  moving done{std::move(why), {}, {}, {}, {}, self->clock().now()};
  done.answer["text"] =
      fmt::format("{}; it will not be taken back", describe(gone));
  finish_request(std::move(done));
}

} // namespace nnactor
