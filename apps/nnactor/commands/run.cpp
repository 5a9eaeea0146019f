#include "commands/commands.hpp"
#include "commands/job_options.hpp"
#include "reports/reporter.hpp"
#include "reports/run_tables.hpp"
#include "reports/split_hint.hpp"
#include "reports/store_refusal.hpp"
#include "terminal/command_line.hpp"
#include "terminal/interruption.hpp"
#include "terminal/output.hpp"

#include "nnactor/run/training_run.hpp"

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

  training_choices choices() const {
    return {use(), repartition, paused,
            line_to_go_on(words_of_this_process(), true)};
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
  store_check check{make_posix_filesystem(), folder, how};
  if (auto conflict = check.find_conflict())
    say("{}\n", explain(refusal_of(folder, *conflict)));
  // One table of a config may stand for many layers.
  say("\n{}", render_network(job.net));
  return 0;
}

/// A run from its begin to its end.
struct whole_run {
  prepared_job& job;
  training_choices how;
  reporter& screen;
  interruption& signals;
  training_run training{job, how};
};

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
  auto conflict = run.training.find_conflict(pause);
  return conflict ? refusal_of(folder, *conflict) : caf::none;
}

/// From now on a signal ends the run with a generation.
void begin_training(whole_run& run) {
  run.signals.end_in_order(
      [&run] { run.training.stop(); },
      2 * std::chrono::milliseconds{run.job.how.cluster.step_timeout_ms}
          + std::chrono::seconds{10},
      "ending this step and saving it; once more ends the run at once",
      "ended at once; go on from the newest generation, if there is one, with "
          + run.how.again);
}

caf::error train(whole_run& run, const controller::watcher& watch) {
  if (auto err = run.training.join())
    return err;
  // Somebody may have begun to train the same model meanwhile.
  if (auto err = check_store(run))
    return err;
  if (auto costly = run.training.find_costly_split())
    run.screen.hint(split_hint(*costly, run.job.how, run.training.nodes()));
  auto placed = [&](const deployed_network& network) {
    begin_training(run);
    run.screen.placed(network, run.training.control_address());
  };
  auto err = run.training.train(placed, watch);
  if (run.training.began())
    run.signals.end_at_once("the model is in " + run.job.how.store.path);
  return err;
}

caf::error run_to_end(whole_run& run) {
  auto& how = run.job.how;
  auto& screen = run.screen;
  if (auto err = check_store(run))
    return err;
  auto baseline = run.job.data->baseline();
  screen.start(how, *run.job.data, run.job.net, baseline);
  auto watch = [&](const progress& event) { screen.event(event); };
  if (auto err = train(run, watch))
    return err;
  if (run.signals.signal() != 0)
    return caf::none;
  auto begin = [&](const manifest& from, const std::string& prompt) {
    screen.begin_sample(from, prompt);
  };
  auto show = [&](const std::string& text) { screen.sample(text); };
  if (auto err = run.training.write_sample(begin, show, watch))
    return err;
  auto best = run.training.store().open(choice::best);
  if (!best)
    return best.error();
  auto kept = run.training.store().generations();
  if (!kept)
    return kept.error();
  screen.finish(how, *best, kept->size(), baseline);
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
  whole_run run{*job, how.choices(), *screen, signals};
  auto err = run_to_end(run);
  if (!err && signals.signal() != 0)
    return 128 + signals.signal();
  return run.training.began() ? finish_job(err) : finish(err);
}

} // namespace

void add_run_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<run_options>();
  auto* command = parent.add_subcommand(
      "run", "Distribute, train and save the network of a config");
  how->what.add_to(*command);
  command->add_flag("--check", how->check,
                    "Only validate the config and show the layers");
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
