#pragma once

#include "nnactor/run/controller.hpp"
#include "nnactor/store/manifest.hpp"
#include "nnactor/store/model_store.hpp"

#include <memory>
#include <string>

namespace nnactor {

/// A saved model that is asked on the nodes of a cluster, as many as there are:
/// the partition goes with the model, the nodes do not.
class served_model {
public:
  /// Looks for a model that can be served; fails where there is none. No node
  /// is started yet.
  static result<served_model> find(const std::string& folder);

  /// Starts or meets the nodes.
  caf::error join(const cluster_settings& where);

  /// Loads the best generation onto them, in so many parts or (0) its own;
  /// refuses if they have too little memory.
  /// @param watch Gets how much is loaded, and a notice of a generation that
  ///     is passed over because it is damaged.
  /// @param pages That texts which are written have in each group of attention.
  /// @pre `join` has not failed
  caf::error load(uint32_t parts, const controller::watcher& watch,
                  uint32_t pages = 0);

  /// The generation that is served.
  const manifest& from() const {
    return from_;
  }

  /// Asks it, see `controller::infer`.
  /// @pre `load` has not failed
  result<tensor> infer(const tensor& inputs) {
    return cluster_->infer(inputs);
  }

  /// See `round_computer`.
  /// @pre as above, with pages
  result<written_rows> write(uint64_t cache, const token_round& what,
                             const tensor& tokens) {
    return cluster_->write(cache, what, tokens);
  }

private:
  served_model(model_store store, manifest from);

  model_store store_;
  manifest from_;
  cluster_settings where_;
  cluster_ptr nodes_; ///< As of `join`.
  std::unique_ptr<controller> cluster_;
};

} // namespace nnactor
