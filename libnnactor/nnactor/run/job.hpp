#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/data/dataset.hpp"
#include "nnactor/store/manifest.hpp"

#include <memory>
#include <string>

namespace nnactor {

/// An experiment with its data read, its network built and its neurons
/// distributed; nothing has been started.
struct prepared_job {
  experiment how;
  std::shared_ptr<const dataset> data;
  network net;
  partition parts;
  group_graph graph;
};

/// Does all that can fail because of what a user wrote.
result<prepared_job> prepare(experiment how);

/// Returns what is deployed to train from fresh parameters. `model` is the
/// folder of the model, of which nodes get the last name.
deployment make_training(const prepared_job& job, uint64_t epoch,
                         const std::string& token);

/// Returns an epoch for a job that commits nothing and so claims none: any but
/// those that nodes have served.
uint64_t any_epoch();

/// Returns what is deployed to ask a saved model.
/// @param epoch Of the job, see `any_epoch`.
/// @param token Of the epoch in which the generation was committed.
deployment make_inference(const manifest& from, const std::string& folder,
                          uint64_t epoch, const std::string& token);

/// Returns the name of a model's folder without the way to it.
std::string name_of_model(const std::string& folder);

/// Returns the folder that a model's folder lies in.
std::string folder_of_model(const std::string& folder);

} // namespace nnactor
