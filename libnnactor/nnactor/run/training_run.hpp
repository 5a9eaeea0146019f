#pragma once

#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"
#include "nnactor/run/planned_nodes.hpp"
#include "nnactor/store/store_check.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace nnactor {

/// What whoever starts a run decides about it, beside the experiment.
struct training_choices {
  store_use use = store_use::begin;
  /// To resume: split the neurons as the job is, not as the model is.
  bool repartition = false;
  bool paused = false;    ///< Wait for a shell before the first step.
  std::string again = {}; ///< Command that goes on from what is saved.
};

/// A run of a training job, from the look into the folder of its model to the
/// generations that it leaves there. A front end calls
///
///   find_conflict --> join --> find_conflict --> train --> write_sample
///
/// and shows people what it likes in between. What fails before it has `began`
/// is what the user gave, not the job.
class training_run {
public:
  training_run(prepared_job& job, training_choices how);

  /// Returns who or what is in the way in the folder of the model. To be asked
  /// before any node is started, and again right before the training: see
  /// `store_check`.
  std::optional<store_conflict> find_conflict(const pausing& pause = pause_for);

  /// Chooses the generation to go on from, meets the nodes, splits the job for
  /// them, and does all else that can be known to fail before anything is
  /// written.
  caf::error join();

  /// Whether the split costs more than it brings; nothing where the model has
  /// its split already.
  /// @pre `join` has not failed
  std::optional<costly_split> find_costly_split() const;

  /// The nodes, as they were met.
  const cluster_view& nodes() const {
    return *nodes_;
  }

  /// Trains to the end, or to the end of the step in which `stop` is called. If
  /// a node finds the generation damaged that the run is to go on from, it goes
  /// on from the one before, with a notice.
  /// @param placed Called before the first event.
  caf::error train(const std::function<void(const deployed_network&)>& placed,
                   const controller::watcher& watch);

  /// May be called from any thread while the run trains.
  void stop() {
    cluster_->stop();
  }

  /// Whether all nodes were set up to train.
  bool began() const {
    return began_;
  }

  /// HOST:PORT at which shells reach the run, empty before it is placed.
  const std::string& control_address() const {
    return cluster_->control_address();
  }

  /// Reads the best generation back from the store, as any later user of the
  /// model will, and lets it write on from the first characters that it was
  /// never trained on. Does nothing where these are no texts, or no sample is
  /// wanted.
  /// @param begin Gets the generation and those characters.
  /// @param show Gets them one by one.
  caf::error write_sample(
      const std::function<void(const manifest&, const std::string&)>& begin,
      const std::function<void(const std::string&)>& show,
      const controller::watcher& watch);

  /// The folder of the model.
  model_store& store() {
    return store_;
  }

private:
  caf::error choose_start();
  placement where() const;
  trainer_settings settings_for(const controller::claim& claim) const;
  caf::error
  train_as(const controller::claim& claim,
           const std::function<void(const deployed_network&)>& placed,
           const controller::watcher& watch);

  prepared_job& job_;
  training_choices how_;
  std::shared_ptr<filesystem> fs_ = make_posix_filesystem();
  model_store store_;
  store_check check_;
  std::optional<manifest> start_; ///< To go on from; nothing: a new model.
  std::unique_ptr<controller> cluster_;
  cluster_ptr nodes_;
  bool began_ = false;
};

} // namespace nnactor
