#include "nnactor/store/store_check.hpp"

#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"

namespace nnactor {

std::optional<saved_model> look_at_model(const std::shared_ptr<filesystem>& fs,
                                         const std::string& folder) {
  model_store store{fs, folder};
  auto all = store.generations();
  if (!all || all->empty())
    return std::nullopt;
  saved_model out;
  out.generations = all->size();
  auto newest = store.open(choice::newest);
  if (!newest) {
    out.damage = newest.error();
    return out;
  }
  auto path = in_folder(folder, manifest_file(newest->generation));
  if (auto time = fs->modified(path))
    out.saved = *time;
  out.newest = std::move(*newest);
  return out;
}

store_check::store_check(std::shared_ptr<filesystem> fs, std::string folder,
                         store_use how)
    : fs_(std::move(fs)), folder_(std::move(folder)), how_(how) {
}

std::optional<store_conflict> store_check::find_conflict(const pausing& pause) {
  auto names = fs_->list(folder_);
  if (names && !names->empty() && *names == seen_)
    return std::nullopt;
  store_conflict out;
  out.model = look_at_model(fs_, folder_);
  out.owner = find_live_run(*fs_, folder_, pause);
  if (out.owner || (how_ == store_use::begin && out.model))
    return out;
  if (names)
    seen_ = std::move(*names);
  return std::nullopt;
}

} // namespace nnactor
