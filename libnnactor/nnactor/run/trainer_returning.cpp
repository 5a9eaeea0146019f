#include "nnactor/run/trainer.hpp"

namespace nnactor {

// One at a time, while training goes on.
void trainer_state::look_for_the_lost() {
  if (stopping || now == stage::finishing || now == stage::stuck)
    return;
  call_the_lost(
      self, nodes, way_back, settings.distributor, settings.patience,
      [this](const std::string& address) { take_back(address); },
      [this](const std::string& address, const caf::error& why) {
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

} // namespace nnactor
