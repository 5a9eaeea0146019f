#include "nnactor/group/device_actor.hpp"

#include "nnactor/error.hpp"

namespace nnactor {

namespace {

void run(block& what, device& dev) {
  try {
    what.run(dev);
  } catch (const std::exception& ex) {
    what.failure =
        fail(ec::device_failure, "device {}: {}", dev.name(), ex.what());
  }
}

} // namespace

device_actor::behavior_type
run_device(device_actor::stateful_pointer<device_state> self,
           std::shared_ptr<device> dev) {
  return {
      [self, dev](const block_ptr& what) {
        run(*what, *dev);
        // The kernels' inputs are released here, not when the owner gets to it.
        what->run = nullptr;
        self->send(what->owner, what);
      },
  };
}

} // namespace nnactor
