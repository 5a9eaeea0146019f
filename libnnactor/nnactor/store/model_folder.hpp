#pragma once

#include "nnactor/store/filesystem.hpp"
#include "nnactor/store/manifest.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// The names of the store in the folder of a model, numbers ascending.
struct model_folder {
  std::vector<uint64_t> generations;    ///< That have a manifest.
  std::vector<uint64_t> folders;        ///< Generations that have a folder.
  std::vector<std::string> temporaries; ///< Manifests that are not committed.
  std::vector<uint64_t> runs; ///< First epochs of runs, see run_lease.
  uint64_t newest_epoch = 0;  ///< 0: none was claimed.

  /// The generation that would be committed next.
  uint64_t next_generation() const {
    return generations.empty() ? 1 : generations.back() + 1;
  }
};

result<model_folder> list_model(filesystem& fs, const std::string& folder);

/// A manifest and the SHA-256 of its whole file.
struct loaded_manifest {
  manifest what;
  digest sum{};
};

/// Reads a private copy of a manifest and checks that it verifies, is of the
/// generation that its name says, and covers its network. The files that it
/// names are not looked at.
result<loaded_manifest> load_manifest(filesystem& fs, const std::string& folder,
                                      uint64_t generation);

/// Checks that every file that a manifest names ends where its last slice
/// does. Fails with `ec::store_missing` or `ec::store_corrupt`.
caf::error check_files(filesystem& fs, const std::string& folder,
                       const manifest& what);

/// Returns the newest generation whose manifest and files are whole; with
/// `ec::store_missing` if there is no generation at all, else with the error
/// of the newest.
result<loaded_manifest> load_newest(filesystem& fs, const std::string& folder,
                                    const model_folder& names);

/// Whether `x` is of the same run as `y` and has a lower validation loss; one
/// that was not measured or is not finite is above all others.
bool is_better(const manifest& x, const manifest& y);

} // namespace nnactor
