#pragma once

#include "commands/job_options.hpp"

#include "nnactor/run/controller.hpp"
#include "nnactor/store/manifest.hpp"

#include <memory>
#include <string>

namespace nnactor {

/// A saved model on the nodes of a cluster, ready to be asked.
struct served_model {
  manifest from;
  std::unique_ptr<controller> cluster;

  /// Loads the best generation of the model in `folder` onto nodes, as many
  /// as there are: the partition goes with the model, the nodes do not.
  static result<served_model> open(const std::string& folder,
                                   const node_options& nodes);
};

} // namespace nnactor
