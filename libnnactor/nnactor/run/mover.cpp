#include "nnactor/run/mover.hpp"

#include <utility>

namespace nnactor {

void mover::begin(moving what) {
  move_ = std::move(what);
  auto stay = [this](const caf::error& why) {
    if (move_)
      run_.refused(take(), why);
  };
  auto go = [this, stay] {
    if (!move_)
      return;
    run_.set_up(move_->what.to, stay,
                {.then =
                     [this](const deployed_ptr& job) {
                       if (move_)
                         run_.moved(take(), job);
                     },
                 .otherwise = [this](const caf::error& why) { fail(why); },
                 .disturbed = run_.disturbed});
  };
  run_.commit({go, stay});
}

void mover::fail(const caf::error& why) {
  if (!move_)
    return;
  if (is_loss(why) || move_->why.what.kind == command_kind::join)
    run_.called_off(take(), why);
  else
    run_.failed(why);
}

void mover::drop(const caf::error& why) {
  if (move_)
    take().why.shell.refuse(why);
}

moving mover::take() {
  return *std::exchange(move_, std::nullopt);
}

} // namespace nnactor
