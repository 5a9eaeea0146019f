#include "nnactor/machine/topology.hpp"

#include <hwloc.h>
#include <unistd.h>

#include <memory>

namespace nnactor {

namespace {

using handle =
    std::unique_ptr<hwloc_topology, decltype(&hwloc_topology_destroy)>;

struct cache {
  uint64_t bytes = 0;
  uint32_t cores = 1;
};

cache cache_of(hwloc_topology_t all, hwloc_obj_t core, hwloc_obj_type_t kind) {
  for (auto at = core; at != nullptr; at = at->parent)
    if (at->type == kind) {
      auto sharing = hwloc_get_nbobjs_inside_cpuset_by_type(all, at->cpuset,
                                                            HWLOC_OBJ_CORE);
      return {at->attr->cache.size, static_cast<uint32_t>(sharing)};
    }
  return {};
}

core_info describe(hwloc_topology_t all, hwloc_obj_t core) {
  core_info out;
  out.cpu = static_cast<uint32_t>(hwloc_bitmap_first(core->cpuset));
  out.threads = static_cast<uint32_t>(hwloc_bitmap_weight(core->cpuset));
  out.l1 = cache_of(all, core, HWLOC_OBJ_L1CACHE).bytes;
  auto l2 = cache_of(all, core, HWLOC_OBJ_L2CACHE);
  out.l2 = l2.bytes;
  out.l2_cores = l2.cores;
  auto l3 = cache_of(all, core, HWLOC_OBJ_L3CACHE);
  out.l3 = l3.bytes;
  out.l3_cores = l3.cores;
  return out;
}

} // namespace

result<topology> look_at_machine() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0)
    return fail(ec::internal, "hwloc cannot be started");
  handle all{raw, &hwloc_topology_destroy};
  if (hwloc_topology_load(raw) != 0)
    return fail(ec::internal, "hwloc cannot tell what this machine has");
  topology out;
  // Virtual machines that were given more memory later do not tell hwloc.
  out.memory = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES))
               * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  for (hwloc_obj_t x = nullptr;
       (x = hwloc_get_next_obj_by_type(raw, HWLOC_OBJ_CORE, x)) != nullptr;)
    out.cores.push_back(describe(raw, x));
  auto package = hwloc_get_obj_by_type(raw, HWLOC_OBJ_PACKAGE, 0);
  if (auto name =
          package ? hwloc_obj_get_info_by_name(package, "CPUModel") : nullptr)
    out.processor = name;
  out.gpus = find_gpus();
  return out;
}

} // namespace nnactor
