#include "nnactor/group/neuron_group.hpp"

namespace nnactor {

namespace {

/// What an inbox lacks, if some of a micro-batch has arrived and some has not.
bool describe_missing(const inbox& box, wait_kind kind, group_status& out) {
  auto missing = box.missing();
  if (!missing)
    return false;
  out.waits_for = kind;
  out.step = missing->first.step;
  out.micro_batch = missing->first.micro_batch;
  out.of_group = missing->second;
  return true;
}

} // namespace

group_status neuron_group_state::status() const {
  auto& me = settings.description;
  group_status out;
  out.group = me.id;
  out.version = version;
  out.busy_ns = *busy_ns;
  if (blocks > 0)
    return out;
  out.step = version;
  out.waited_ms = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(self->clock().now()
                                                            - last_activity)
          .count());
  if (norm_sent) {
    out.waits_for = wait_kind::update;
  } else if (describe_missing(gradients, wait_kind::gradient, out)
             || describe_missing(inputs, wait_kind::activation, out)) {
  } else if (!awaiting_gradients.empty() && !me.downstream.empty()) {
    out.waits_for = wait_kind::gradient;
    out.micro_batch = *awaiting_gradients.begin();
    out.of_group = me.downstream.front();
  } else {
    out.waits_for = wait_kind::activation;
    out.micro_batch = accumulated;
    out.of_group = me.upstream.front();
  }
  return out;
}

void neuron_group_state::on_peek(
    caf::typed_response_promise<parameters_ptr> promise) {
  auto copy = std::make_shared<parameter_set>();
  execute(
      urgency::idle, [p = program, copy](device&) { *copy = p->save(); },
      [promise, copy]() mutable { promise.deliver(parameters_ptr{copy}); });
}

} // namespace nnactor
