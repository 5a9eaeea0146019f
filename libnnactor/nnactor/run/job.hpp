#pragma once

#include "nnactor/cluster/distributor.hpp"
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
  placement where = {}; ///< Where a plan wants the groups; empty: in turn.

  placement placed_on(uint32_t nodes) const {
    return where.seats.empty() ? place(graph, nodes, how.cluster.devices)
                               : where;
  }
};

/// Does all that can fail because of what a user wrote. A job that is split by
/// what its nodes say of themselves has no parts yet.
result<prepared_job> prepare(experiment how);

/// Splits the network by what the nodes have said of themselves, where that
/// is what the user wants; else does nothing.
caf::error split_for_nodes(prepared_job& job, const cluster_view& nodes);

/// Returns what is deployed to train from fresh parameters. `model` is the
/// folder of the model, of which nodes get the last name.
deployment make_training(const prepared_job& job, uint64_t epoch,
                         const std::string& token);

/// Lets a job go on from a saved generation: its parts become those that the
/// model has, unless the user wants it `repartitioned`. Fails if the model is
/// of another network, another split or other training, naming what differs,
/// and if nothing is left to train.
caf::error resume(prepared_job& job, const manifest& from, bool repartitioned);

/// Returns an epoch for a job that commits nothing and so claims none: any but
/// those that nodes have served.
uint64_t any_epoch();

/// Splits the neurons of a saved model evenly into so many parts, for whoever
/// reads it; 0: leaves them as they were.
caf::error repartition(manifest& what, uint32_t parts);

/// Returns what is deployed to ask a saved model.
/// @param epoch Of the job, see `any_epoch`.
/// @param token Of the epoch in which the generation was committed.
deployment make_inference(const manifest& from, const std::string& folder,
                          uint64_t epoch, const std::string& token,
                          uint32_t pages = 0);

/// Returns a line for people on a generation that cannot be read.
std::string passed_over(uint64_t generation, const caf::error& why);

/// Returns the name of a model's folder without the way to it.
std::string name_of_model(const std::string& folder);

/// Returns the folder that a model's folder lies in.
std::string folder_of_model(const std::string& folder);

} // namespace nnactor
