#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// One physical core with the caches on its way to memory.
struct core_info {
  uint32_t cpu = 0; ///< Number by which the system knows its first thread.
  uint32_t threads = 1;
  uint64_t l1 = 0; ///< Data, bytes; 0: unknown, as below.
  uint64_t l2 = 0;
  uint32_t l2_cores = 1; ///< That share the L2.
  uint64_t l3 = 0;
  uint32_t l3_cores = 1;
};

/// One GPU as its driver describes it.
struct gpu_info {
  std::string name;
  uint32_t multiprocessors = 0;
  uint64_t l2 = 0;     ///< Bytes.
  uint64_t memory = 0; ///< Bytes.
};

/// What this machine has.
struct topology {
  std::string processor; ///< Model.
  uint64_t memory = 0;   ///< Bytes.
  std::vector<core_info> cores;
  std::vector<gpu_info> gpus;
};

/// Asks hwloc and, where nnactor was built with it, CUDA. Fails with
/// `ec::internal` where hwloc cannot tell.
result<topology> look_at_machine();

/// GPUs by number; none where CUDA, its driver or a GPU is missing.
std::vector<gpu_info> find_gpus();

} // namespace nnactor
