#include "nnactor/run/job_view.hpp"
#include "nnactor/run/trainer.hpp"

#include <algorithm>

namespace nnactor {

// What people have put somewhere stays there.
void trainer_state::forget_homes(const moving& done) {
  auto& what = done.why.what;
  if (what.kind == command_kind::move_group)
    nodes.belongings().forget_group(what.group);
  else if (what.kind != command_kind::join && what.kind != command_kind::leave)
    nodes.belongings().clear(); // The partition may be another now.
}

trainer_state::moving trainer_state::welcome(request why) {
  auto to = nodes.welcome(*network->job, why.what.text);
  auto at = std::ranges::find(to.servers, why.what.text, &server::address);
  auto empty =
      add_node(arranged(), static_cast<node_index>(at - to.servers.begin()));
  auto transfers = differences(empty, to.next);
  auto between = to.servers;
  return {std::move(why),
          std::move(to),
          std::move(transfers),
          std::move(between),
          {},
          {}};
}

std::string trainer_state::welcomed(const moving& done) const {
  auto& address = done.why.what.text;
  auto name = name_of_node(address);
  if (!nodes.known().is_lost(address))
    return name + " has joined";
  return done.transfers.empty()
             ? name + " is back, with no groups"
             : fmt::format("{} is back: {}", name,
                           describe(done.between, done.transfers));
}

// -- who comes back -----------------------------------------------------------

// One at a time, while training goes on.
void trainer_state::look_for_the_lost() {
  if (stopping || now == stage::finishing || now == stage::stuck)
    return;
  auto due = nodes.call(self->clock().now());
  if (!due)
    return;
  self->request(settings.distributor, settings.patience, join_atom::value,
                std::vector<std::string>{*due})
      .then(
          [this, asked = way_back.disturbances(),
           address = *due](const cluster_ptr&) {
            if (asked == way_back.disturbances())
              take_back(address);
            else
              nodes.miss(address, self->clock().now());
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
  auto news = nodes.stay_away(address, why, self->clock().now());
  if (news && now != stage::idle)
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
  moving done{std::move(why), {}, {}, {}, {}, self->clock().now()};
  done.answer["text"] =
      fmt::format("{}; it will not be taken back", describe(gone));
  finish_request(std::move(done));
}

} // namespace nnactor
