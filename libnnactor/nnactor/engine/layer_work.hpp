#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/planner.hpp"

#include <vector>

namespace nnactor {

/// A network as `planner.hpp` sees it.
struct network_work {
  planned_job job;
  std::vector<layer_id> layers; ///< What the job's layers are.
};

/// What training takes for one micro-batch, as the layers of this program do
/// it: forward, the gradient of the inputs and that of the weights, and its
/// part of what the optimizer does once a step. Operations of products count
/// (a multiplication and an addition each), of sparse layers those of their
/// connections.
network_work training_work(const network& net, const train_settings& how);

/// Operations of all products in a step of training, a multiplication and an
/// addition each; what is computed again (`train_settings::recompute`) does not
/// count.
double training_flop(const network& net, const train_settings& how);

/// The same for questions of so many examples, `how.window` of which follow
/// each other.
network_work inference_work(const network& net, const train_settings& how,
                            uint64_t examples);

} // namespace nnactor
