#include "reports/store_refusal.hpp"

#include "terminal/format.hpp"

#include <fmt/chrono.h>

#include <ctime>

namespace nnactor {

namespace {

std::string date_of(uint64_t time) {
  constexpr uint64_t second = 1000000000;
  return fmt::format(", saved {:%Y-%m-%d %H:%M:%S}",
                     fmt::localtime(static_cast<time_t>(time / second)));
}

std::string describe(const run_owner& who) {
  if (who.process == 0)
    return "a run that is alive";
  return fmt::format("a run that is alive (process {} on {})", who.process,
                     printable(who.host));
}

/// Number, step, loss and date of the newest generation.
std::string describe(const saved_model& what) {
  if (!what.newest)
    return fmt::format("{}: {}",
                       counted(what.generations, "damaged generation"),
                       explain(what.damage));
  auto& newest = *what.newest;
  auto out = fmt::format("generation {} of step {}", newest.generation,
                         format_count(newest.step));
  if (newest.validation_loss)
    out += ", validation loss " + format_loss(*newest.validation_loss);
  return what.saved ? out + date_of(*what.saved) : out;
}

} // namespace

caf::error refusal_of(const std::string& folder, const store_conflict& what) {
  auto model = what.model ? describe(*what.model) : std::string{};
  if (what.owner)
    return fail(ec::invalid_argument,
                "{}: belongs to {}{}; wait for its end or end it (Ctrl-C saves "
                "first) and go on with --resume or replace the model with "
                "--overwrite, or take another folder with --set "
                "store.path=FOLDER",
                folder, describe(*what.owner),
                model.empty() ? ", nothing is saved yet" : ", has " + model);
  return fail(ec::invalid_argument,
              "{}: holds a model, {}; go on with it by --resume, take another "
              "folder with --set store.path=FOLDER, or replace the model with "
              "--overwrite",
              folder, model);
}

} // namespace nnactor
