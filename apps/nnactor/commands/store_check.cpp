#include "commands/store_check.hpp"

#include "terminal/format.hpp"

#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace nnactor {

namespace {

std::string date_of(filesystem& fs, const std::string& path) {
  constexpr uint64_t second = 1000000000;
  auto time = fs.modified(path);
  if (!time)
    return {};
  return fmt::format(", saved {:%Y-%m-%d %H:%M:%S}",
                     fmt::localtime(static_cast<time_t>(*time / second)));
}

std::string describe(const run_owner& who) {
  if (who.process == 0)
    return "a run that is alive";
  return fmt::format("a run that is alive (process {} on {})", who.process,
                     printable(who.host));
}

} // namespace

std::string describe_model(const std::shared_ptr<filesystem>& fs,
                           const std::string& folder) {
  model_store store{fs, folder};
  auto all = store.generations();
  if (!all || all->empty())
    return {};
  auto newest = store.open(choice::newest);
  if (!newest)
    return fmt::format("{}: {}", counted(all->size(), "damaged generation"),
                       explain(newest.error()));
  auto out = fmt::format("generation {} of step {}", newest->generation,
                         format_count(newest->step));
  if (newest->validation_loss)
    out += ", validation loss " + format_loss(*newest->validation_loss);
  auto path = in_folder(folder, manifest_file(newest->generation));
  return out + date_of(*fs, path);
}

caf::error check_store(const std::shared_ptr<filesystem>& fs,
                       const std::string& folder, store_use how,
                       const pausing& pause) {
  auto model = describe_model(fs, folder);
  if (auto run = find_live_run(*fs, folder, pause))
    return fail(ec::invalid_argument,
                "{}: belongs to {}{}; wait for its end or end it (Ctrl-C saves "
                "first) and go on with --resume or replace the model with "
                "--overwrite, or take another folder with --set "
                "store.path=FOLDER",
                folder, describe(*run),
                model.empty() ? ", nothing is saved yet" : ", has " + model);
  if (how != store_use::begin || model.empty())
    return caf::none;
  return fail(ec::invalid_argument,
              "{}: holds a model, {}; go on with it by --resume, take another "
              "folder with --set store.path=FOLDER, or replace the model with "
              "--overwrite",
              folder, model);
}

} // namespace nnactor
