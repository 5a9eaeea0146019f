#include "reports/run_pace.hpp"

#include "nnactor/engine/layer_work.hpp"

namespace nnactor {

void run_pace::place(time_point now, uint64_t step) {
  first_ = step_ = step;
  placed_at_ = now;
  pace_.add(now, step);
}

void run_pace::add(time_point now, uint64_t step) {
  if (step <= step_)
    forget();
  step_ = step;
  pace_.add(now, step);
}

void run_pace::forget() {
  pace_ = {};
}

step_load step_load::of(const train_settings& how, const data_shape& data,
                        const network& net) {
  auto examples = static_cast<double>(how.batch);
  auto flop = training_flop(net, how);
  if (data.tokens == 0)
    return {"examples", examples, flop};
  return {"tokens", examples * static_cast<double>(data.answers()), flop};
}

} // namespace nnactor
