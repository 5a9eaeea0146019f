#pragma once

#include "nnactor/store/manifest.hpp"
#include "nnactor/store/run_lease.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// What a run means to do with the folder of its model.
enum class store_use : uint8_t {
  begin,     ///< A new model; there must be none.
  resume,    ///< Go on with the one that is there.
  overwrite, ///< A new model, in place of the one that is there.
};

/// What people should know of the model in a folder.
struct saved_model {
  size_t generations = 0;         ///< Committed, those that are damaged, too.
  std::optional<manifest> newest; ///< Of those that can be opened.
  caf::error damage = {};         ///< Why none can be.
  std::optional<uint64_t> saved;  ///< When, in ns since 1970.
};

/// Returns nothing where a folder holds no generation.
std::optional<saved_model> look_at_model(const std::shared_ptr<filesystem>& fs,
                                         const std::string& folder);

/// From whom a run would take a folder: from a run that lives, or else from
/// whoever has trained the model in it.
struct store_conflict {
  std::optional<run_owner> owner;
  std::optional<saved_model> model;
};

/// Looks whether a run may use the folder of its model. May be asked again,
/// as somebody may have begun to train there meanwhile: it waits for a sign of
/// life only where something has changed since the folder was free.
class store_check {
public:
  store_check(std::shared_ptr<filesystem> fs, std::string folder,
              store_use how);

  /// Returns what is in the way, nothing where nothing is.
  std::optional<store_conflict> find_conflict(const pausing& pause = pause_for);

private:
  std::shared_ptr<filesystem> fs_;
  std::string folder_;
  store_use how_;
  std::vector<std::string> seen_; ///< Names in the folder when it was free.
};

} // namespace nnactor
