#include "nnactor/machine/pin.hpp"

#include <pthread.h>
#include <sched.h>

namespace nnactor {

void pin_this_thread(uint32_t cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
}

namespace {

// What is refused is only slower.
void set_policy(int policy) {
  sched_param none = {};
  static_cast<void>(sched_setscheduler(0, policy, &none));
}

} // namespace

void give_way() {
  set_policy(SCHED_BATCH);
}

void take_way() {
  set_policy(SCHED_OTHER);
}

} // namespace nnactor
