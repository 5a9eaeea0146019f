#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/group/carried_groups.hpp"
#include "nnactor/messages/actors.hpp"
#include "nnactor/store/model_store.hpp"

#include <map>
#include <optional>

namespace nnactor {

struct persistence_state {
  static inline const char* name = "persistence";

  /// Slices that this node owes a generation.
  struct pending_save {
    uint32_t groups = 0;
    driver_actor driver;
    std::vector<parameter_set> parameters;
  };

  std::shared_ptr<filesystem> fs;
  std::string root; ///< Folder that holds the folders of models.
  std::optional<model_store> store;
  deployment_ptr job;
  std::map<uint64_t, pending_save> saves; ///< By generation.

  /// Opens the folder of a model under `root`.
  void select(const std::string& model);

  /// @param watch Gets bytes read so far, and how many there are to read.
  result<programs_ptr>
  prepare(deployment_ptr what, const carried_groups& carried,
          const std::function<void(uint64_t, uint64_t)>& watch);

  /// Returns the root where the folder of a model there has that file.
  result<std::string> look(const std::string& model, const std::string& file);

  /// Writes the slices of a generation once all groups have sent theirs.
  void write_if_complete(persistence_actor::pointer self, uint64_t generation);

private:
  /// What is read of a generation.
  struct loading {
    std::optional<manifest> from;
    uint64_t bytes = 0;
    uint64_t of = 0;
    std::function<void(uint64_t, uint64_t)> watch;
  };

  caf::error begin_loading(loading& into);
  result<std::vector<slice>>
  write_slices(uint64_t generation, const std::string& node,
               const std::vector<parameter_set>& groups);
  result<program_ptr> make_program(const group& what,
                                   const carried_groups& carried,
                                   loading& saved);
};

/// @param root Folder that holds the folders of models.
/// @param model Folder to work on before any deployment names one, for the
///        driver's side; may be empty.
persistence_actor::behavior_type
run_persistence(persistence_actor::stateful_pointer<persistence_state> self,
                std::shared_ptr<filesystem> fs, std::string root,
                std::string model);

/// Starts one on a thread of its own.
persistence_actor spawn_persistence(caf::actor_system& system,
                                    std::shared_ptr<filesystem> fs,
                                    std::string root, std::string model);

} // namespace nnactor
