#include "commands/commands.hpp"
#include "commands/job_options.hpp"
#include "reports/reporter.hpp"
#include "reports/split_hint.hpp"
#include "reports/store_refusal.hpp"
#include "terminal/command_line.hpp"
#include "terminal/interruption.hpp"
#include "terminal/output.hpp"

#include "nnactor/run/controller.hpp"
#include "nnactor/run/memory_check.hpp"
#include "nnactor/run/sampler.hpp"
#include "nnactor/store/model_store.hpp"

#include <utility>

namespace nnactor {

namespace {

struct run_options {
  experiment_options what;
  bool check = false;
  bool json = false;
  bool paused = false;
  bool resume = false;
  bool overwrite = false;
  bool repartition = false;

  store_use use() const {
    return resume      ? store_use::resume
           : overwrite ? store_use::overwrite
                       : store_use::begin;
  }
};

int show_check(const prepared_job& job, store_use how) {
  auto& parts = job.parts.parts;
  std::vector<std::string> sizes;
  for (auto& part : parts)
    sizes.push_back(format_count(part.size()));
  say("{}: fine. {}\n{}, {} in {}\n", job.how.file, job.data->summary(),
      counted(job.net.neuron_count(), "neuron"),
      counted(job.net.parameter_count(), "parameter"),
      parts.empty() ? "one part a node, by its capacity"
                    : fmt::format("{}: {}", counted(parts.size(), "part"),
                                  fmt::join(sizes, " + ")));
  auto& folder = job.how.store.path;
  store_check free{make_posix_filesystem(), folder, how};
  if (auto conflict = free.find_conflict())
    say("{}\n", explain(refusal_of(folder, *conflict)));
  return 0;
}

/// A run from its begin to its end.
struct whole_run {
  prepared_job& job;
  const run_options& opts;
  reporter& screen;
  interruption& signals;
  std::shared_ptr<filesystem> fs = make_posix_filesystem();
  model_store store{fs, job.how.store.path};
  std::unique_ptr<controller> cluster = {};
  store_check free{fs, job.how.store.path, opts.use()};
  bool began = false; ///< From then on what fails is the job, not the input.
};

/// The generation to go on from, nothing where a run begins anew.
result<std::optional<manifest>> start_of(whole_run& run) {
  if (!run.opts.resume)
    return std::optional<manifest>{};
  auto from = run.store.open(choice::newest);
  if (!from)
    return from.error();
  if (auto err = resume(run.job, *from, run.opts.repartition))
    return err;
  return std::optional{std::move(*from)};
}

caf::error check_store(whole_run& run) {
  auto& folder = run.job.how.store.path;
  auto told = false;
  auto pause = [&](std::chrono::milliseconds time) {
    if (!std::exchange(told, true))
      warn(fmt::format("{}: looking whether the run that has trained it last "
                       "is alive, for {} s at most",
                       folder, run_lease::patience / std::chrono::seconds{1}));
    pause_for(time);
  };
  auto conflict = run.free.find_conflict(pause);
  return conflict ? refusal_of(folder, *conflict) : caf::none;
}

/// From now on a signal ends the run with a generation.
void begin_training(whole_run& run, const std::string& again) {
  run.began = true;
  run.signals.end_in_order(
      [&run] { run.cluster->stop(); },
      2 * std::chrono::milliseconds{run.job.how.cluster.step_timeout_ms}
          + std::chrono::seconds{10},
      "ending this step and saving it; once more ends the run at once",
      "ended at once; go on from the newest generation, if there is one, with "
          + again);
}

caf::error train_from(whole_run& run, const std::optional<manifest>& start,
                      const controller::claim& claim) {
  auto& job = run.job;
  trainer_settings how;
  how.data = job.data;
  how.run = job.how.run;
  how.store = job.how.store;
  how.experiment = job.how.text;
  how.config = job.how.file;
  how.again = line_to_go_on(words_of_this_process(), true);
  how.paused = run.opts.paused;
  how.generation = claim.generation;
  how.patience = std::chrono::milliseconds{job.how.cluster.step_timeout_ms};
  auto plan = make_training(job, claim.epoch, claim.token);
  if (start) {
    plan.generation = start->generation;
    plan.step = start->step;
    how.resumed_run = start->run;
  }
  auto again = how.again;
  auto err = run.cluster->train(
      plan, std::move(how),
      [&](const deployed_network& network) {
        begin_training(run, again);
        run.screen.placed(network, run.cluster->control_address());
      },
      [&](const progress& event) { run.screen.event(event); });
  if (run.began)
    run.signals.end_at_once("the model is in " + job.how.store.path);
  return err;
}

/// Splits a job that waits for what its nodes say, and plans ask their links.
caf::error split_for_nodes(controller& cluster, const cluster_ptr& nodes,
                           prepared_job& job) {
  if (!job.parts.parts.empty())
    return caf::none;
  if (!job.how.distribute.is_planned())
    return split_for_nodes(job, *nodes);
  auto measured = cluster.measure_links(nodes);
  return measured ? split_for_nodes(job, **measured) : measured.error();
}

/// Does all that can be known to fail before anything is written.
result<cluster_ptr> join_nodes(whole_run& run) {
  auto& job = run.job;
  auto nodes = run.cluster->join();
  if (!nodes)
    return nodes;
  if (auto err = split_for_nodes(*run.cluster, *nodes, job))
    return err;
  auto where = job.placed_on(static_cast<uint32_t>((*nodes)->members.size()));
  if (auto err = check_memory(job, where, **nodes))
    return err;
  if (auto err = run.cluster->check_sharing(**nodes))
    return err;
  // Somebody may have begun to train the same model meanwhile.
  if (auto err = check_store(run))
    return err;
  if (!run.opts.resume)
    hint_at_split(job, where, **nodes, run.screen);
  return nodes;
}

caf::error train(whole_run& run) {
  auto start = start_of(run);
  if (!start)
    return start.error();
  if (auto nodes = join_nodes(run); !nodes)
    return nodes.error();
  for (;;) {
    auto claim = run.cluster->claim_epoch();
    if (!claim)
      return claim.error();
    auto err = train_from(run, *start, *claim);
    if (run.began || !*start || code_of(err) != ec::store_corrupt)
      return err;
    run.store.distrust((*start)->generation);
    run.screen.event({.what = progress::kind::notice,
                      .step = (*start)->step,
                      .text = passed_over((*start)->generation, err)});
    start = start_of(run);
    if (!start)
      return start.error();
  }
}

// The first characters that the network was never trained on.
std::string prompt_of(const dataset& data) {
  auto first = data.gather(split::validation, {0});
  auto tokens = first.inputs.values<int32_t>();
  auto context = data.shape().input_width;
  std::string text;
  // Contexts of one time step and the next overlap but for one character.
  for (size_t i = 0; i < tokens.size(); ++i)
    if (i < context || (i + 1) % context == 0)
      text += data.characters()->decode(tokens[i]);
  return text;
}

// The best generation is read back from the store, as any later user of the
// model will.
caf::error write_sample(whole_run& run) {
  auto& job = run.job;
  auto* characters = job.data->characters();
  if (characters == nullptr || job.how.run.sample == 0)
    return caf::none;
  auto from = run.cluster->serve(
      run.store, 0, [&](const progress& event) { run.screen.event(event); });
  if (!from)
    return from.error();
  auto prompt = prompt_of(*job.data);
  run.screen.begin_sample(*from, prompt);
  auto how = sampling{job.how.run.sample, job.how.run.temperature,
                      job.how.run.train.seed};
  return generate(*characters, context_of(job.net), prompt, how,
                  predictor_of(job.net,
                               [&](const tensor& inputs) {
                                 return run.cluster->infer(inputs);
                               }),
                  [&](const std::string& text) { run.screen.sample(text); });
}

caf::error run_to_end(whole_run& run) {
  auto& how = run.job.how;
  if (auto err = check_store(run))
    return err;
  auto baseline = run.job.data->baseline();
  run.screen.start(how, *run.job.data, run.job.net, baseline);
  auto cluster = controller::make(
      {how.cluster, how.store.path, how.store.path + ".nodes"});
  if (!cluster)
    return cluster.error();
  run.cluster = std::move(*cluster);
  if (auto err = train(run))
    return err;
  if (run.signals.signal() != 0)
    return caf::none;
  if (auto err = write_sample(run))
    return err;
  auto best = run.store.open(choice::best);
  if (!best)
    return best.error();
  auto kept = run.store.generations();
  if (!kept)
    return kept.error();
  run.screen.finish(how, *best, kept->size(), baseline);
  return caf::none;
}

int start_run(const run_options& how) {
  interruption signals{"nothing was trained"};
  auto config = how.what.read();
  if (!config)
    return finish(config.error());
  auto job = prepare(std::move(*config));
  if (!job)
    return finish(job.error());
  if (how.check) {
    if (auto err = check(job->how.cluster))
      return finish(err);
    return show_check(*job, how.use());
  }
  auto screen = how.json ? make_json_reporter() : make_text_reporter();
  whole_run run{*job, how, *screen, signals};
  auto err = run_to_end(run);
  if (!err && signals.signal() != 0)
    return 128 + signals.signal();
  return run.began ? finish_job(err) : finish(err);
}

} // namespace

void add_run_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<run_options>();
  auto* command = parent.add_subcommand(
      "run", "Distribute, train and save the network of a config");
  how->what.add_to(*command);
  command->add_flag("--check", how->check, "Only validate the config");
  command->add_flag("--json", how->json, "Print one JSON object a line");
  command->add_flag("--paused", how->paused,
                    "Wait for `resume` from a shell before the first step");
  auto* resumed =
      command->add_flag("--resume", how->resume,
                        "Go on from the newest generation in store.path");
  command
      ->add_flag("--overwrite", how->overwrite,
                 "Train a new model in place of the one in store.path")
      ->excludes(resumed);
  command
      ->add_flag("--repartition", how->repartition,
                 "Split the neurons as the config says now, not as the model "
                 "is split")
      ->needs("--resume");
  command->callback([how, &status] { status = start_run(*how); });
}

} // namespace nnactor
