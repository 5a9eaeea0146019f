#include "nnactor/codec/network_codec.hpp"

#include "nnactor/defaults.hpp"

#include <cmath>

namespace nnactor {

namespace {

// What no sane run reaches. They keep a hostile peer from making a node
// reserve memory, and steps exact in double precision.
constexpr uint32_t most_examples = uint32_t{1} << 24;
constexpr uint32_t most_in_flight = uint32_t{1} << 16;
constexpr uint64_t most_steps = uint64_t{1} << 53;

/// Whether a decay factor makes sense; false for NaN.
bool is_factor(float x) {
  return x >= 0.0f && x < 1.0f;
}

/// Whether a rate makes sense; false for NaN and infinity.
bool is_rate(float x) {
  return x >= 0.0f && std::isfinite(x);
}

caf::error check_batch(const train_settings& x) {
  if (x.batch == 0 || x.batch > most_examples)
    return fail(ec::invalid_argument,
                "a batch of {} examples is not within 1 "
                "and {}",
                x.batch, most_examples);
  if (x.micro_batches == 0 || x.batch % x.micro_batches != 0)
    return fail(ec::invalid_argument,
                "a batch of {} examples cannot be cut into {} equal "
                "micro-batches",
                x.batch, x.micro_batches);
  if (x.window == 0 || x.window > most_in_flight)
    return fail(ec::invalid_argument,
                "{} micro-batches in flight are not within 1 and {}", x.window,
                most_in_flight);
  return {};
}

caf::error check_optimizer(const optimizer_settings& x) {
  if (!is_factor(x.momentum) || !is_factor(x.beta1) || !is_factor(x.beta2))
    return fail(ec::invalid_argument,
                "momentum {}, beta1 {}, beta2 {}: each must be at least 0 and "
                "below 1",
                x.momentum, x.beta1, x.beta2);
  if (!is_rate(x.epsilon) || !is_rate(x.weight_decay) || !is_rate(x.clip))
    return fail(ec::invalid_argument,
                "epsilon {}, weight decay {}, clip {}: each must be finite "
                "and not negative",
                x.epsilon, x.weight_decay, x.clip);
  return {};
}

caf::error check_schedule(const schedule_settings& x) {
  if (!is_rate(x.rate) || !is_rate(x.final_rate))
    return fail(ec::invalid_argument,
                "learning rates {} and {} must be finite and not negative",
                x.rate, x.final_rate);
  if (x.warmup > most_steps || x.steps > most_steps)
    return fail(ec::invalid_argument,
                "{} steps, {} of them to warm up, are more than {}", x.steps,
                x.warmup, most_steps);
  return {};
}

} // namespace

void write(schema::TrainSettings::Builder out, const train_settings& how) {
  out.setSeed(how.seed);
  out.setBatch(how.batch);
  out.setMicroBatches(how.micro_batches);
  out.setWindow(how.window);
  out.setOptimizer(static_cast<uint8_t>(how.optimizer.kind));
  out.setMomentum(how.optimizer.momentum);
  out.setBeta1(how.optimizer.beta1);
  out.setBeta2(how.optimizer.beta2);
  out.setEpsilon(how.optimizer.epsilon);
  out.setWeightDecay(how.optimizer.weight_decay);
  out.setClip(how.optimizer.clip);
  out.setSchedule(static_cast<uint8_t>(how.schedule.kind));
  out.setRate(how.schedule.rate);
  out.setFinalRate(how.schedule.final_rate);
  out.setWarmup(how.schedule.warmup);
  out.setSteps(how.schedule.steps);
  out.setLink(static_cast<uint8_t>(how.link));
  out.setCompute(static_cast<uint8_t>(how.compute));
  out.setRecompute(how.recompute);
  out.setLearns(how.learns);
  out.setPages(how.pages);
}

result<train_settings> read(schema::TrainSettings::Reader in) {
  if (in.getOptimizer() > static_cast<uint8_t>(optimizer_kind::adamw))
    return fail(ec::invalid_argument, "{} is no optimizer", in.getOptimizer());
  if (in.getSchedule() > static_cast<uint8_t>(schedule_kind::cosine))
    return fail(ec::invalid_argument, "{} is no learning-rate schedule",
                in.getSchedule());
  if (in.getLink() > static_cast<uint8_t>(precision::bfloat16))
    return fail(ec::invalid_argument, "{} is no precision of links",
                in.getLink());
  if (in.getCompute() > static_cast<uint8_t>(precision::bfloat16))
    return fail(ec::invalid_argument, "{} is no precision of products",
                in.getCompute());
  train_settings how{
      .seed = in.getSeed(),
      .batch = in.getBatch(),
      .micro_batches = in.getMicroBatches(),
      .window = in.getWindow(),
      .optimizer = {.kind = static_cast<optimizer_kind>(in.getOptimizer()),
                    .momentum = in.getMomentum(),
                    .beta1 = in.getBeta1(),
                    .beta2 = in.getBeta2(),
                    .epsilon = in.getEpsilon(),
                    .weight_decay = in.getWeightDecay(),
                    .clip = in.getClip()},
      .schedule = {.kind = static_cast<schedule_kind>(in.getSchedule()),
                   .rate = in.getRate(),
                   .final_rate = in.getFinalRate(),
                   .warmup = in.getWarmup(),
                   .steps = in.getSteps()},
      .link = static_cast<precision>(in.getLink()),
      .compute = static_cast<precision>(in.getCompute()),
      .recompute = in.getRecompute(),
      .learns = in.getLearns(),
      .pages = in.getPages()};
  constexpr auto most_pages =
      defaults::cached_positions / defaults::page_positions;
  if (how.pages > most_pages)
    return fail(ec::invalid_argument, "{} pages of a cache are more than {}",
                how.pages, most_pages);
  if (auto err = check_batch(how))
    return err;
  if (auto err = check_optimizer(how.optimizer))
    return err;
  if (auto err = check_schedule(how.schedule))
    return err;
  return how;
}

} // namespace nnactor
