#include "nnactor/defaults.hpp"
#include "nnactor/run/trainer.hpp"

#include <cmath>

namespace nnactor {

void trainer_state::start_validation() {
  now = stage::validating;
  validated = 0;
  validation_losses.clear();
  pump_validation();
}

void trainer_state::pump_validation() {
  auto sample = validated_examples();
  while (in_flight < settings.run.train.window
         && validated < validation_batches()) {
    auto most = defaults::validation_examples(network->job->net.answers());
    auto first = validated * most;
    auto count = std::min(most, sample.size() - first);
    issue(
        phase::evaluate, boundary, static_cast<uint32_t>(validated),
        settings.data->gather(split::validation, sample.indices(first, count)));
    ++validated;
  }
}

validation_sample trainer_state::validated_examples() const {
  return {*settings.data, settings.run};
}

uint64_t trainer_state::validation_batches() const {
  auto size = validated_examples().size();
  auto most = defaults::validation_examples(network->job->net.answers());
  return (size + most - 1) / most;
}

void trainer_state::on_validation_loss(const work_id& work,
                                       const loss_value& value) {
  if (now != stage::validating || work.step != boundary
      || !validation_losses.emplace(work.what(), value).second)
    return;
  // The last time step; the others are there or on their way.
  if (work.time_step + 1 == port.time_steps())
    --in_flight;
  if (validation_losses.size() == validation_batches() * port.time_steps())
    return finish_validation();
  pump();
}

void trainer_state::finish_validation() {
  loss_value sum;
  for (auto& [index, value] : validation_losses) {
    sum.loss_sum += value.loss_sum;
    sum.correct += value.correct;
  }
  auto answers = static_cast<double>(validated_examples().size()
                                     * network->job->net.answers());
  validation = {sum.loss_sum / answers, sum.correct / answers};
  if (!std::isfinite(validation.loss_sum))
    return on_failure(
        diverged("validation loss", validation.loss_sum, boundary));
  last_validation = validation.loss_sum;
  publish({.what = progress::kind::validation,
           .step = boundary,
           .loss = validation.loss_sum,
           .accuracy = validation.correct});
  if (settings.run.stops_at(last_validation))
    last_step = boundary;
  start_saving();
}

} // namespace nnactor
