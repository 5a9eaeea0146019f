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

} // namespace nnactor
