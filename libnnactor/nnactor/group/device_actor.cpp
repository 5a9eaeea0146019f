#include "nnactor/group/device_actor.hpp"

#include <algorithm>

namespace nnactor {

block_ptr device_state::next() {
  auto queue = std::ranges::find_if(
      waiting, [](const std::deque<block_ptr>& x) { return !x.empty(); });
  auto out = std::move(queue->front());
  queue->pop_front();
  --size;
  return out;
}

block_device_actor::behavior_type
run_device(block_device_actor::stateful_pointer<device_state> self,
           std::shared_ptr<device> dev) {
  self->state.dev = std::move(dev);
  return {
      [self](const block_ptr& what) {
        auto& st = self->state;
        st.waiting[static_cast<size_t>(what->when)].push_back(what);
        if (++st.size == 1)
          self->send(self, ready_atom::value);
      },
      [self](ready_atom) {
        auto& st = self->state;
        auto what = st.next();
        what->failure = run_on(*st.dev, what->run);
        // The kernels' inputs are released here, not when the owner gets to it.
        what->run = nullptr;
        self->send(what->owner, what);
        if (st.size > 0)
          self->send(self, ready_atom::value);
      },
  };
}

} // namespace nnactor
