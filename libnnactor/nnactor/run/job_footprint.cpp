#include "nnactor/run/job_footprint.hpp"

namespace nnactor {

job_footprint footprint_of(const prepared_job& job, const cluster_ptr& nodes) {
  job_footprint out;
  out.nodes = nodes;
  out.where = job.placed_on(static_cast<uint32_t>(nodes->members.size()));
  arrangement on{job.parts, job.graph, out.where};
  out.needs = footprints(job, out.where, *nodes);
  out.memory = memory_limits(job.how.cluster, *nodes);
  out.links = traffic(job.net, on, job.how.run.train);
  out.cut = cut_of(job.net, job.parts);
  return out;
}

} // namespace nnactor
