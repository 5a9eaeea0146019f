#include "nnactor/group/device_actor.hpp"

#include <algorithm>
#include <utility>

namespace nnactor {

block_ptr device_state::next() {
  auto queue =
      std::ranges::find_if(waiting, [](const auto& x) { return !x.empty(); });
  auto out = std::move(queue->extract(queue->begin()).mapped());
  --size;
  return out;
}

namespace {

using pointer = block_device_actor::stateful_pointer<device_state>;

void give_back(pointer self, block_ptr what) {
  // The kernels' inputs are released here, not when the owner gets to it.
  what->run = nullptr;
  self->send(what->owner, what);
}

void finish_last(pointer self) {
  auto& st = self->state;
  auto what = std::exchange(st.under_way.what, nullptr);
  if (!what)
    return;
  what->failure =
      guarded(*st.dev, [&st] { st.dev->finish(st.under_way.number); });
  give_back(self, std::move(what));
}

void run_next(pointer self) {
  auto& st = self->state;
  auto what = st.next();
  uint64_t number = 0;
  {
    trace::span here{trace::activity::computing, what->what, what->of};
    what->failure = guarded(*st.dev, [&] {
      what->run(*st.dev);
      number = st.dev->submit();
    });
  }
  finish_last(self);
  if (number == 0)
    return give_back(self, std::move(what));
  st.under_way = {std::move(what), number};
  if (st.size == 0)
    finish_last(self);
}

} // namespace

block_device_actor::behavior_type
run_device(block_device_actor::stateful_pointer<device_state> self,
           std::shared_ptr<device> dev) {
  self->state.dev = std::move(dev);
  return {
      [self](const block_ptr& what) {
        auto& st = self->state;
        st.waiting[static_cast<size_t>(what->when)].emplace(what->micro_batch,
                                                            what);
        if (++st.size == 1)
          self->send(self, ready_atom::value);
      },
      [self](ready_atom) {
        run_next(self);
        if (self->state.size > 0)
          self->send(self, ready_atom::value);
      },
  };
}

} // namespace nnactor
