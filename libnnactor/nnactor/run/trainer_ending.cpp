#include "nnactor/counting.hpp"
#include "nnactor/run/trainer.hpp"

#include <algorithm>

namespace nnactor {

// Whatever is under way comes to an end by itself, and to a boundary.
void trainer_state::stop() {
  if (now == stage::idle || stopping)
    return;
  stopping = true;
  requests.refuse_all(fail(ec::unreachable, "the run was told to end"));
  if (now == stage::paused)
    leave_boundary();
  else if (now == stage::recovering)
    recover();
  else
    come_to_boundary(0);
}

// Lets what has begun of a step be the last before the next boundary.
void trainer_state::come_to_boundary(uint64_t due) {
  if (now != stage::training)
    return;
  auto nearest = issued_step + (issued_batch > 0 ? 1 : 0);
  boundary = std::min(boundary, std::max(due, nearest));
  pump();
}

void trainer_state::end_if_done() {
  if (now != stage::finishing)
    ending = last_progress = self->clock().now();
  now = stage::finishing;
  if (is_saved())
    return ask_traffic([this] { finish(); });
  // No loss will follow to verify it.
  if (writer.is_under_way())
    proceed(writer.verify());
  else if (!writer.failure())
    save_the_end();
}

// The last generation is what all the work was for: `watch` tries again while
// there is patience.
void trainer_state::save_the_end() {
  auto& unsaved = writer.failure();
  if (writer.is_under_way() || is_saved())
    return;
  if (unsaved && self->clock().now() - *ending > settings.patience)
    return on_failure(
        make_error(code_of(unsaved),
                   fmt::format("step {} could not be saved within {} s: {}; {}",
                               boundary, settings.patience.count() / 1000,
                               explain(unsaved), way_on())));
  save_now(true);
}

bool trainer_state::is_saved() const {
  return !writer.is_under_way() && writer.last_good().step == boundary;
}

std::string trainer_state::saved_so_far() const {
  auto [step, number] = writer.last_good();
  return number == 0 ? "nothing has been saved yet"
                     : fmt::format("generation {} of step {} is kept in {}",
                                   format_count(number), format_count(step),
                                   settings.store.path);
}

std::string trainer_state::way_on() const {
  return writer.last_good().generation == 0
             ? saved_so_far()
             : fmt::format("{}, go on from it with `{}`", saved_so_far(),
                           settings.again);
}

// Empty if it is not.
std::string trainer_state::why_early() const {
  return boundary == settings.run.steps
             ? ""
             : fmt::format("validation loss {:.5g} is at most "
                           "train.stop_at_loss, {}",
                           last_validation, settings.run.stop_at_loss);
}

void trainer_state::finish() {
  now = stage::idle;
  port.close();
  if (boundary < last_step || writer.last_good().step != boundary)
    return publish({.what = progress::kind::stopped,
                    .step = writer.last_good().step,
                    .saved = writer.last_good().generation});
  publish({.what = progress::kind::finished,
           .step = boundary,
           .loss = validation.loss_sum,
           .accuracy = validation.correct,
           .text = why_early()});
}

} // namespace nnactor
