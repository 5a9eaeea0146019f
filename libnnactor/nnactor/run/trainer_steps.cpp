#include "nnactor/engine/clip.hpp"
#include "nnactor/machine/trace.hpp"
#include "nnactor/run/trainer.hpp"

#include <bit>
#include <cmath>

namespace nnactor {

namespace {

// Steps over which the rate is taken.
constexpr size_t remembered_steps = 20;

} // namespace

// -- sending ------------------------------------------------------------------

void trainer_state::pump() {
  if (now == stage::training)
    pump_training();
  else if (now == stage::validating)
    pump_validation();
}

void trainer_state::pump_training() {
  auto& train = settings.run.train;
  while (in_flight < train.window && issued_step < boundary) {
    open.begin(issued_step);
    issue(phase::train, issued_step, issued_batch,
          training_examples(issued_step, issued_batch));
    if (++issued_batch == train.micro_batches) {
      issued_batch = 0;
      ++issued_step;
    }
  }
  if (issued_step == boundary && open.all().empty() && in_flight == 0)
    enter_boundary();
}

void trainer_state::issue(phase why, uint64_t step, uint32_t micro_batch,
                          const examples& what) {
  auto work = work_id{network->job->epoch, step, why, micro_batch};
  port.send_inputs(work, what.inputs);
  port.send_targets(work, what.targets);
  ++in_flight;
}

examples trainer_state::training_examples(uint64_t step,
                                          uint32_t micro_batch) const {
  trace::span here{trace::activity::computing, "gather examples"};
  auto all = order->batch(step);
  auto rows = all.size() / settings.run.train.micro_batches;
  auto first = all.begin() + static_cast<ptrdiff_t>(micro_batch * rows);
  return settings.data->gather(split::train,
                               {first, first + static_cast<ptrdiff_t>(rows)});
}

// -- receiving ----------------------------------------------------------------

void trainer_state::on_result(const tensor_message& what) {
  auto& work = what.key.work;
  auto value = to_loss_value(what.value);
  if (!value)
    return on_failure(value.error());
  auto batches = work.why == phase::evaluate ? validation_batches()
                                             : settings.run.train.micro_batches;
  if (work.micro_batch >= batches || work.time_step >= port.time_steps())
    return;
  last_progress = self->clock().now();
  if (work.why == phase::evaluate)
    return on_validation_loss(work, *value);
  open.add_loss(work.step, work.what(), *value);
  finish_step_if_complete(work.step);
}

void trainer_state::on_norm(uint64_t step, group_id group, double norm) {
  auto norms = open.add_norm(step, group, norm);
  if (norms.empty())
    return;
  auto scale = clip_scale(settings.run.train.optimizer.clip, norms);
  for (auto& m : network->cluster.members)
    self->send(m.node, update_atom::value, network->job->epoch, step,
               std::bit_cast<uint32_t>(scale));
  finish_step_if_complete(step);
}

void trainer_state::on_credit(uint64_t step, uint32_t micro_batch,
                              group_id group) {
  if (micro_batch >= settings.run.train.micro_batches
      || !open.add_credit(step, micro_batch, group))
    return;
  last_progress = self->clock().now();
  --in_flight;
  finish_step_if_complete(step);
  pump();
}

void trainer_state::finish_step_if_complete(uint64_t step) {
  auto sum = open.loss_of(step);
  if (!sum)
    return;
  auto loss = *sum / settings.run.train.batch
              / static_cast<double>(network->job->net.answers());
  if (!std::isfinite(loss))
    return on_failure(diverged("loss", loss, step + 1));
  proceed(writer.verify_by(step));
  if (!open.close(step))
    return;
  last_loss = loss;
  step_times.push_back(self->clock().now());
  if (step_times.size() > remembered_steps)
    step_times.pop_front();
  publish({.what = progress::kind::step, .step = step + 1, .loss = loss});
  pump();
}

// Signs of what is not a number mean nothing.
caf::error trainer_state::diverged(const char* what, double value,
                                   uint64_t step) const {
  return fail(ec::diverged,
              "the {} became {} at step {}; {}; lower train.rate or set "
              "train.clip",
              what, std::isnan(value) ? "nan" : "infinite", format_count(step),
              saved_so_far());
}

} // namespace nnactor
