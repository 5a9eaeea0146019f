#pragma once

#include "nnactor/engine/parameters.hpp"
#include "nnactor/store/filesystem.hpp"
#include "nnactor/store/manifest.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace nnactor {

/// Which generation a reader wants.
enum class choice : uint8_t {
  newest, ///< To train on.
  best,   ///< Lowest validation loss of the newest run, its newest generation
          ///< where none has one.
};

/// Adds what it means that a folder is not that of a run any more.
caf::error removed_meanwhile(const caf::error& why);

/// The folder of one model; see README.md of this room for the protocol. Every
/// process opens its own. Not thread safe.
class model_store {
public:
  /// @param folder Created by `claim_epoch` if it is not there.
  model_store(std::shared_ptr<filesystem> fs, std::string folder);

  const std::string& folder() const {
    return folder_;
  }

  // -- coordinator ----------------------------------------------------------

  /// Claims the next epoch by creating `epoch.<N>` and returns N. The file
  /// holds a random token, see `epoch_token`. Who has claimed one before gets
  /// only the one right after it: a coordinator that slept while another took
  /// over fails with `ec::store_taken` instead of taking over in its turn.
  /// Fails with `ec::store_unwritable` naming the folder.
  result<uint64_t> claim_epoch();

  /// Returns the token of an epoch: two processes that read the same token
  /// see the same store.
  result<std::string> epoch_token(uint64_t epoch);

  /// Checks that the folder is the one in which `epoch` was claimed with that
  /// token. Fails with `ec::store_missing` where it was removed or replaced.
  caf::error check_token(uint64_t epoch, const std::string& token);

  /// The same for the newest epoch that this has claimed, which it returns; 0
  /// if there is none.
  result<uint64_t> check_claim();

  /// Returns the generation to write slices for: one more than the highest
  /// that has a manifest, damaged or not.
  result<uint64_t> next_generation();

  /// Commits `next` as the generation after the newest one: sets generation
  /// and parent, checks coverage and that every named file has its length,
  /// writes, links, syncs. Returns the committed manifest. Fails with
  /// `ec::store_unwritable`, or with `ec::store_taken` when another coordinator
  /// was first: then a newer epoch was claimed, or the slices were written for
  /// a generation that is no longer the next. Fails with `ec::store_corrupt` or
  /// `ec::store_missing` on slices that are not what they should be, and with
  /// the latter where the folder is not the one that `claim_epoch` saw. After
  /// an error the generation may still be there in the one case that its name
  /// could neither be synced nor removed; it is whole then.
  result<manifest> commit(manifest next);

  /// Removes generations beyond the newest `keep` (at least 1) and the best
  /// one, and files of unfinished generations of older epochs. Leaves alone
  /// generations that are damaged (they do not count), anything of a newer
  /// epoch, and what `epoch` is writing beyond the newest generation.
  caf::error collect_garbage(uint32_t keep, uint64_t epoch);

  // -- owners ---------------------------------------------------------------

  /// Writes the parameters of a node's groups as one new file of a generation
  /// and returns the slices. After an error the file is removed and written
  /// anew once under another name, then it fails with `ec::store_unwritable`.
  /// @param node Becomes part of the file's name; any text.
  result<std::vector<slice>>
  write_slices(uint64_t generation, uint64_t epoch, const std::string& node,
               const std::vector<parameter_set>& groups);

  // -- readers --------------------------------------------------------------

  /// Number of every committed generation, ascending; empty if there is none.
  result<std::vector<uint64_t>> generations();

  /// Returns a manifest that verifies and whose files have their lengths;
  /// passes over generations that are not so. Fails with `ec::store_missing`
  /// if the folder holds no model, else with the damage of the newest.
  result<manifest> open(choice which);

  /// Lets `open` pass over a generation, too, whose slices turned out to be
  /// damaged when they were read: opening reads none of them.
  void distrust(uint64_t generation);

  /// Returns the manifest of one generation if that verifies, whatever its
  /// files are like: for `verify` to look at.
  result<manifest> open(uint64_t generation);

  /// Reads the rows of `neurons`, all of `layer`, for every parameter that
  /// the generation has of it, whatever partition wrote them. Reads whole
  /// MiB pieces that hold wanted rows and checks their CRC32C.
  /// @param progress Gets the bytes of each piece, if not null.
  result<parameter_set>
  read(const manifest& from, layer_id layer, const neuron_set& neurons,
       const std::function<void(uint64_t)>& progress = nullptr);

  /// Returns the SHA-256 of all parameters and optimizer state: layer by layer
  /// and name by name, rows in the order of neurons, each behind a line "layer/
  /// name rows columns". The same for the same model, whatever partition and
  /// nodes wrote it.
  result<digest> content_of(const manifest& what);

  /// A slice that is not what the manifest says.
  struct damage {
    size_t slice = 0; ///< Index into `manifest::slices`.
    std::string what; ///< One line: file, bytes, reason, layer, neurons.
  };

  /// Reads everything and compares all checksums and digests. `progress` is
  /// called with the bytes looked at since the last call, `length` of every
  /// slice in all.
  result<std::vector<damage>>
  verify(const manifest& what, const std::function<void(uint64_t)>& progress);

private:
  std::shared_ptr<filesystem> fs_;
  std::string folder_;
  uint64_t held_ = 0; ///< Newest epoch claimed by this, 0: none.
  std::string token_; ///< Of that epoch.
  std::set<uint64_t> distrusted_;
};

} // namespace nnactor
