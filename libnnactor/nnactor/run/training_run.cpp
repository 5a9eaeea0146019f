#include "nnactor/run/training_run.hpp"

#include "nnactor/run/memory_check.hpp"
#include "nnactor/run/sampler.hpp"

namespace nnactor {

namespace {

// The first characters that the network was never trained on.
std::string prompt_of(const dataset& data) {
  auto first = data.gather(split::validation, {0});
  auto tokens = first.inputs.values<int32_t>();
  auto width = data.shape().input_width;
  std::string text;
  // What is read at one time step and the next overlaps but for one character.
  for (size_t i = 0; i < tokens.size(); ++i)
    if (i < width || (i + 1) % width == 0)
      text += data.characters()->decode(tokens[i]);
  return text;
}

/// Splits a job that waits for what its nodes say. If a plan is wanted, links
/// to them are measured for it.
caf::error split_for_nodes(controller& cluster, const cluster_ptr& nodes,
                           prepared_job& job) {
  if (!job.parts.parts.empty())
    return caf::none;
  if (!job.how.distribute.is_planned())
    return split_for_nodes(job, *nodes);
  auto measured = cluster.measure_links(nodes);
  return measured ? split_for_nodes(job, **measured) : measured.error();
}

} // namespace

training_run::training_run(prepared_job& job, training_choices how)
    : job_(job), how_(std::move(how)), store_(fs_, job.how.store.path),
      check_(fs_, job.how.store.path, how_.use) {
}

std::optional<store_conflict>
training_run::find_conflict(const pausing& pause) {
  return check_.find_conflict(pause);
}

caf::error training_run::join() {
  auto& settings = job_.how;
  auto cluster = controller::make(
      {settings.cluster, settings.store.path, settings.store.path + ".nodes"});
  if (!cluster)
    return cluster.error();
  cluster_ = std::move(*cluster);
  if (auto err = choose_start())
    return err;
  auto nodes = cluster_->join();
  if (!nodes)
    return nodes.error();
  nodes_ = *nodes;
  if (auto err = split_for_nodes(*cluster_, nodes_, job_))
    return err;
  if (auto err = check_memory(job_, where(), *nodes_))
    return err;
  return cluster_->check_sharing(*nodes_);
}

std::optional<costly_split> training_run::find_costly_split() const {
  if (how_.use == store_use::resume)
    return std::nullopt;
  return nnactor::find_costly_split(job_, where(), *nodes_);
}

caf::error
training_run::train(const std::function<void(const deployed_network&)>& placed,
                    const controller::watcher& watch) {
  for (;;) {
    auto claim = cluster_->claim_epoch();
    if (!claim)
      return claim.error();
    auto err = train_as(*claim, placed, watch);
    if (began_ || !start_ || code_of(err) != ec::store_corrupt)
      return err;
    store_.distrust(start_->generation);
    if (watch)
      watch({.what = progress::kind::notice,
             .step = start_->step,
             .text = passed_over(start_->generation, err)});
    if (auto failed = choose_start())
      return failed;
  }
}

caf::error training_run::write_sample(
    const std::function<void(const manifest&, const std::string&)>& begin,
    const std::function<void(const std::string&)>& show,
    const controller::watcher& watch) {
  auto* characters = job_.data->characters();
  auto& run = job_.how.run;
  if (characters == nullptr || run.sample == 0)
    return caf::none;
  auto from = cluster_->serve(store_, 0, watch);
  if (!from)
    return from.error();
  auto prompt = prompt_of(*job_.data);
  begin(*from, prompt);
  auto infer = [this](const tensor& inputs) { return cluster_->infer(inputs); };
  return generate(*characters, seen_by(job_.net), prompt,
                  {run.sample, run.temperature, run.train.seed},
                  predictor_of(job_.net, infer), show);
}

/// The generation to go on from, nothing where a run begins anew.
caf::error training_run::choose_start() {
  if (how_.use != store_use::resume)
    return caf::none;
  auto from = store_.open(choice::newest);
  if (!from)
    return from.error();
  if (auto err = resume(job_, *from, how_.repartition))
    return err;
  start_ = std::move(*from);
  return caf::none;
}

placement training_run::where() const {
  return job_.placed_on(static_cast<uint32_t>(nodes_->members.size()));
}

trainer_settings
training_run::settings_for(const controller::claim& claim) const {
  trainer_settings out;
  out.data = job_.data;
  out.run = job_.how.run;
  out.store = job_.how.store;
  out.experiment = job_.how.text;
  out.config = job_.how.file;
  out.again = how_.again;
  out.paused = how_.paused;
  out.generation = claim.generation;
  out.patience = std::chrono::milliseconds{job_.how.cluster.step_timeout_ms};
  if (start_)
    out.resumed_run = start_->run;
  return out;
}

caf::error training_run::train_as(
    const controller::claim& claim,
    const std::function<void(const deployed_network&)>& placed,
    const controller::watcher& watch) {
  auto plan = make_training(job_, claim.epoch, claim.token);
  if (start_) {
    plan.generation = start_->generation;
    plan.step = start_->step;
  }
  auto begin = [&](const deployed_network& network) {
    began_ = true;
    placed(network);
  };
  return cluster_->train(plan, settings_for(claim), begin, watch);
}

} // namespace nnactor
