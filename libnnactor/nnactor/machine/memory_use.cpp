#include "nnactor/machine/memory_use.hpp"

#include <fstream>
#include <string>

#include <unistd.h>

namespace nnactor {

uint64_t used_memory() {
  std::ifstream in{"/proc/self/statm"};
  uint64_t all = 0;
  uint64_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t free_memory() {
  std::ifstream in{"/proc/meminfo"};
  for (std::string key; in >> key;) {
    uint64_t kilobytes = 0;
    if (key == "MemAvailable:" && in >> kilobytes)
      return kilobytes << 10;
  }
  return 0;
}

} // namespace nnactor
