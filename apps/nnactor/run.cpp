#include "commands.hpp"
#include "output.hpp"
#include "reporter.hpp"

#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"
#include "nnactor/run/sampler.hpp"
#include "nnactor/store/model_store.hpp"

namespace nnactor {

namespace {

struct run_options {
  experiment_options what;
  bool check = false;
  bool json = false;
  bool paused = false;
  bool resume = false;
  bool repartition = false;
};

int show_check(const prepared_job& job) {
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
  return 0;
}

/// The generation to go on from, nothing where a run begins anew.
result<std::optional<manifest>>
start_of(const run_options& how, prepared_job& job, model_store& store) {
  if (!how.resume)
    return std::optional<manifest>{};
  auto from = store.open(choice::newest);
  if (!from)
    return from.error();
  if (auto err = resume(job, *from, how.repartition))
    return err;
  return std::optional{std::move(*from)};
}

caf::error train_from(const std::optional<manifest>& start,
                      const controller::claim& claim, controller& cluster,
                      const prepared_job& job, const run_options& opts,
                      reporter& screen) {
  trainer_settings how;
  how.data = job.data;
  how.run = job.how.run;
  how.store = job.how.store;
  how.experiment = job.how.text;
  how.config = job.how.file;
  how.paused = opts.paused;
  how.generation = claim.generation;
  how.patience = std::chrono::milliseconds{job.how.cluster.step_timeout_ms};
  auto plan = make_training(job, claim.epoch, claim.token);
  if (start) {
    plan.generation = start->generation;
    plan.step = start->step;
    how.resumed_run = start->run;
  }
  return cluster.train(
      plan, std::move(how),
      [&](const deployed_network& network) {
        screen.placed(network, cluster.control_address());
      },
      [&](const progress& event) { screen.event(event); });
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

caf::error train(controller& cluster, prepared_job& job,
                 const run_options& opts, model_store& store,
                 reporter& screen) {
  auto start = start_of(opts, job, store);
  if (!start)
    return start.error();
  auto claim = cluster.claim_epoch();
  if (!claim)
    return claim.error();
  auto nodes = cluster.join();
  if (!nodes)
    return nodes.error();
  if (auto err = split_for_nodes(cluster, *nodes, job))
    return err;
  auto where = job.placed_on(static_cast<uint32_t>((*nodes)->members.size()));
  if (auto err = check_memory(job, where, **nodes))
    return err;
  for (;;) {
    auto err = train_from(*start, *claim, cluster, job, opts, screen);
    if (!*start || code_of(err) != ec::store_corrupt)
      return err;
    store.distrust((*start)->generation);
    screen.event({.what = progress::kind::notice,
                  .step = (*start)->step,
                  .text = passed_over((*start)->generation, err)});
    start = start_of(opts, job, store);
    if (!start)
      return start.error();
    claim = cluster.claim_epoch();
    if (!claim)
      return claim.error();
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
caf::error write_sample(controller& cluster, const prepared_job& job,
                        model_store& store, reporter& screen) {
  auto* characters = job.data->characters();
  if (characters == nullptr || job.how.run.sample == 0)
    return caf::none;
  auto from = cluster.serve(
      store, 0, [&](const progress& event) { screen.event(event); });
  if (!from)
    return from.error();
  auto prompt = prompt_of(*job.data);
  screen.begin_sample(*from, prompt);
  auto how = sampling{job.how.run.sample, job.how.run.temperature,
                      job.how.run.train.seed};
  return generate(
      *characters, context_of(job.net), prompt, how,
      predictor_of(job.net,
                   [&](const tensor& inputs) { return cluster.infer(inputs); }),
      [&](const std::string& text) { screen.sample(text); });
}

caf::error run(prepared_job& job, const run_options& how, reporter& screen) {
  auto baseline = job.data->baseline();
  screen.start(job.how, *job.data, job.net, baseline);
  auto cluster = controller::make(
      {job.how.cluster, job.how.store.path, job.how.store.path + ".nodes"});
  if (!cluster)
    return cluster.error();
  auto store = model_store{make_posix_filesystem(), job.how.store.path};
  if (auto err = train(**cluster, job, how, store, screen))
    return err;
  if (auto err = write_sample(**cluster, job, store, screen))
    return err;
  auto best = store.open(choice::best);
  if (!best)
    return best.error();
  screen.finish(job.how, *best, baseline);
  return caf::none;
}

int run(const run_options& how) {
  auto config = how.what.read();
  if (!config)
    return finish(config.error());
  auto job = prepare(std::move(*config));
  if (!job)
    return finish(job.error());
  if (how.check)
    return show_check(*job);
  auto screen = how.json ? make_json_reporter() : make_text_reporter();
  return finish(run(*job, how, *screen));
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
  command->add_flag("--resume", how->resume,
                    "Go on from the newest generation in store.path");
  command
      ->add_flag("--repartition", how->repartition,
                 "Split the neurons as the config says now, not as the model "
                 "is split")
      ->needs("--resume");
  command->callback([how, &status] { status = run(*how); });
}

} // namespace nnactor
