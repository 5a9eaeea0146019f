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

// Members of a chain wait for the same: it is one piece of work.
group_status neuron_group_state::status(group_id which) const {
  group_status out;
  out.group = which;
  out.version = version;
  if (auto i = member(which); i < settings.members.size())
    out.busy_ns = program->busy_ns(i);
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
  } else if (!awaiting_gradients.empty()
             && !settings.tail().downstream.empty()) {
    out.waits_for = wait_kind::gradient;
    out.micro_batch = awaiting_gradients.begin()->micro_batch;
    out.of_group = settings.tail().downstream.front().group;
  } else {
    out.waits_for = wait_kind::activation;
    out.micro_batch = accumulated.micro_batch;
    out.of_group = settings.head().upstream.front().group;
  }
  return out;
}

caf::result<parameters_ptr> neuron_group_state::on_peek(group_id which) {
  auto i = member(which);
  if (i == settings.members.size())
    return fail(ec::invalid_argument, "is not group {}", which);
  auto promise = self->make_response_promise<parameters_ptr>();
  auto copy = std::make_shared<parameter_set>();
  execute(
      "peek", {urgency::idle},
      [p = program, i, copy](device&) { *copy = p->save(i); },
      [promise, copy]() mutable { promise.deliver(parameters_ptr{copy}); });
  return promise;
}

} // namespace nnactor
