#include "nnactor/store/failpoint.hpp"
#include "nnactor/store/model_folder.hpp"
#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"

#include <algorithm>
#include <set>

namespace nnactor {

namespace {

// Which generations stay, and which files they need.
struct keepers {
  std::set<uint64_t> generations; ///< Includes the damaged ones.
  std::set<uint64_t> damaged;     ///< Left alone with all files.
  std::set<std::string> files;    ///< Relative to the folder of the model.
};

void keep(keepers& into, const manifest& what) {
  into.generations.insert(what.generation);
  for (auto& x : what.slices)
    into.files.insert(x.file);
}

// Only a generation that is whole counts, and only one that is whole is ever
// removed: a failure to read may pass, and real damage is for a person to see.
keepers choose(filesystem& fs, const std::string& folder,
               const model_folder& names, uint32_t count, uint64_t epoch) {
  keepers out;
  std::vector<manifest> whole;
  for (auto i = names.generations.rbegin(); i != names.generations.rend();
       ++i) {
    auto loaded = load_manifest(fs, folder, *i);
    if (loaded && !check_files(fs, folder, loaded->what)) {
      whole.push_back(std::move(loaded->what));
      continue;
    }
    out.generations.insert(*i);
    out.damaged.insert(*i);
  }
  for (size_t i = 0; i < whole.size(); ++i)
    if (i < std::max(count, uint32_t{1}) || whole[i].epoch > epoch)
      keep(out, whole[i]);
  if (whole.empty())
    return out;
  auto* best = &whole.front();
  for (auto& x : whole)
    if (is_better(x, *best))
      best = &x;
  keep(out, *best);
  return out;
}

// Goes on after a failure, so that one file does not keep all others, and
// remembers the first.
class sweeper {
public:
  sweeper(filesystem& fs, const std::string& folder)
      : fs_(fs), folder_(folder) {
  }

  void remove(const std::string& name) {
    auto path = in_folder(folder_, name);
    // Not there any more: another coordinator sweeps as well.
    if (auto err = fs_.remove(path); err && fs_.exists(path))
      note(std::move(err));
  }

  void remove_folder(const std::string& name) {
    auto path = in_folder(folder_, name);
    if (auto err = fs_.remove_folder(path); err && fs_.exists(path))
      note(std::move(err));
  }

  void sync() {
    if (auto err = fs_.sync_folder(folder_))
      note(std::move(err));
  }

  void note(caf::error what) {
    if (!failure_)
      failure_ = std::move(what);
  }

  caf::error failure() const {
    return failure_;
  }

private:
  filesystem& fs_;
  const std::string& folder_;
  caf::error failure_;
};

// Whether nobody can still want an unnamed file of that epoch and generation:
// its epoch is over, or the running one has gone past that generation.
bool is_over(uint64_t file_epoch, uint64_t generation, uint64_t epoch,
             uint64_t newest) {
  return file_epoch < epoch || (file_epoch == epoch && generation <= newest);
}

// Removes the files of a generation that no manifest names, and the folder if
// that was all and the generation is over.
void sweep_folder(filesystem& fs, const std::string& folder,
                  uint64_t generation, uint64_t epoch, uint64_t newest,
                  const keepers& kept, sweeper& broom) {
  auto place = generation_folder(generation);
  auto names = fs.list(in_folder(folder, place));
  if (!names) {
    broom.note(names.error());
    return;
  }
  size_t left = names->size();
  for (auto& name : *names) {
    auto owner = parse_slice_file(name);
    auto file = in_folder(place, name);
    if (owner && !kept.files.contains(file)
        && is_over(*owner, generation, epoch, newest)) {
      broom.remove(file);
      --left;
    }
  }
  // The folder of the generation that is being written may still be empty.
  if (left == 0 && generation <= newest)
    broom.remove_folder(place);
}

} // namespace

caf::error model_store::collect_garbage(uint32_t keep, uint64_t epoch) {
  auto names = list_model(*fs_, folder_);
  if (!names)
    return names.error();
  // Replaced: what is garbage is for the new coordinator to say.
  if (names->newest_epoch > epoch)
    return caf::none;
  auto newest = names->next_generation() - 1;
  auto kept = choose(*fs_, folder_, *names, keep, epoch);
  sweeper broom{*fs_, folder_};
  for (auto generation : names->generations)
    if (!kept.generations.contains(generation))
      broom.remove(manifest_file(generation));
  for (auto& name : names->temporaries) {
    auto parsed = parse_temporary_manifest(name);
    if (is_over(parsed->epoch, parsed->generation, epoch, newest))
      broom.remove(name);
  }
  // A manifest must be gone for good before its files are.
  broom.sync();
  if (broom.failure())
    return broom.failure();
  for (auto generation : names->folders)
    if (!kept.damaged.contains(generation))
      sweep_folder(*fs_, folder_, generation, epoch, newest, kept, broom);
  reach(failpoint::garbage_collected);
  return broom.failure();
}

} // namespace nnactor
