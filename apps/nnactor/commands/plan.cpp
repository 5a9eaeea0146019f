#include "commands/commands.hpp"
#include "commands/job_options.hpp"
#include "commands/plan_case.hpp"
#include "reports/footprint_report.hpp"
#include "reports/plan_report.hpp"
#include "terminal/format.hpp"
#include "terminal/interruption.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"

#include "nnactor/config/device_list.hpp"
#include "nnactor/config/read_file.hpp"
#include "nnactor/config/scale_case.hpp"
#include "nnactor/config/transformer_case.hpp"
#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/run/controller.hpp"
#include "nnactor/run/memory_check.hpp"
#include "nnactor/run/planned_nodes.hpp"

namespace nnactor {

namespace {

struct plan_options {
  experiment_options what;
  bool json = false;
  std::string csv;
  std::string svg;
  bool overwrite = false;
  std::string devices;   ///< A file; empty: nodes are asked.
  uint64_t examples = 0; ///< Of a question; 0: training.
  bool measure = false;  ///< What layers take, here, instead of counting.
};

/// The work of what is planned and the examples of a step.
std::pair<network_work, uint64_t> work_of(const prepared_job& job,
                                          const plan_options& how,
                                          const planned_cluster& on) {
  auto& train = job.how.run.train;
  if (how.examples == 0) {
    auto work = training_work(job.net, train);
    // The first device is taken to be one of this machine.
    if (how.measure)
      measure_work(work, job, *make_cpu_device(), on.devices.front().flops);
    return {std::move(work), train.batch};
  }
  auto work = inference_work(job.net, train, how.examples);
  auto together = how.examples * work.job.micro_batches;
  return {std::move(work), together};
}

std::string title_of(const plan_options& how, size_t devices,
                     const std::string& where) {
  auto what = how.examples == 0
                  ? std::string{"training"}
                  : "questions of " + counted(how.examples, "example");
  return fmt::format("Plans for {} on {} of {}", what,
                     counted(devices, "device"), where);
}

/// The parts of a job on the devices of a list.
placement one_after_the_other(const prepared_job& job,
                              const planned_cluster& on) {
  std::vector<placement::seat> seats;
  for (size_t i = 0; i < job.parts.parts.size(); ++i)
    seats.push_back({0, static_cast<uint32_t>(i % on.devices.size())});
  return place(job.graph, 1, seats);
}

result<prepared_job> read_job(const plan_options& how) {
  auto config = how.what.read();
  if (!config)
    return config.error();
  return prepare(std::move(*config));
}

/// Plans for devices that a file describes.
int plan_for_devices(const plan_options& how) {
  auto text = read_file(how.devices, ec::invalid_config);
  if (!text)
    return finish(text.error());
  auto devices = parse_device_list(*text, how.devices);
  if (!devices)
    return finish(devices.error());
  auto job = read_job(how);
  if (!job)
    return finish(job.error());
  auto [work, examples] = work_of(*job, how, devices->on);
  auto plans = choose_plans(std::move(work), std::move(devices->on), examples);
  if (!job->parts.parts.empty())
    plans.configured = plan_as_split(*job, plans.work, plans.on,
                                     one_after_the_other(*job, plans.on));
  if (how.json)
    say_json(to_json(plans, job->net));
  else
    say("{}", render(plans, job->net,
                     title_of(how, plans.on.devices.size(), how.devices)));
  if (plans.best)
    return 0;
  return finish(fail(ec::invalid_config,
                     "{} does not fit the memory of the devices in {}; add "
                     "some, or take a smaller batch or window",
                     how.what.config, how.devices));
}

/// A job and nodes for it, before anything is deployed.
struct job_on_nodes {
  prepared_job job;
  cluster_ptr nodes;
};

result<job_on_nodes> ask_nodes(const plan_options& how) {
  auto job = read_job(how);
  if (!job)
    return job.error();
  job_on_nodes out{std::move(*job), nullptr};
  auto& settings = out.job.how;
  // Nodes are asked what they are, and nothing else.
  auto cluster = controller::make(
      {settings.cluster, settings.store.path, settings.store.path + ".nodes"});
  if (!cluster)
    return cluster.error();
  auto nodes = (*cluster)->join();
  if (!nodes)
    return nodes.error();
  auto measured = (*cluster)->measure_links(*nodes);
  if (!measured)
    return measured.error();
  out.nodes = *measured;
  if (auto err = split_for_nodes(out.job, *out.nodes))
    return err;
  return out;
}

/// Plans for nodes, and what the job would take there as it is split now.
int plan_for_nodes(const plan_options& how) {
  auto what = ask_nodes(how);
  if (!what)
    return finish(what.error());
  auto& [job, nodes] = *what;
  auto footprint = footprint_of(job, nodes);
  auto on = devices_of(job.how.cluster, *nodes, job.how.run.train.compute);
  auto [work, examples] = work_of(job, how, on);
  auto plans = choose_plans(std::move(work), std::move(on), examples);
  if (nodes->members.front().info.device == "cpu")
    plans.device = "core";
  if (!job.how.distribute.is_planned())
    plans.configured =
        plan_as_split(job, plans.work, plans.on, footprint.where);
  auto count = nodes->members.size();
  if (how.json) {
    auto out = to_json(footprint);
    out["plans"] = to_json(plans, job.net);
    say_json(out);
  } else {
    say("{}\n{}", render(footprint),
        render(plans, job.net,
               title_of(how, plans.on.devices.size(), counted(count, "node"))));
  }
  return finish(check_memory(job, footprint.where, *nodes));
}

int run(const plan_options& how) {
  interruption signals{"nothing is planned"};
  // Not every config describes something to run.
  auto text = read_file(how.what.config, ec::invalid_config);
  auto scales = text && is_scale_case(*text);
  if (!scales && (!how.csv.empty() || !how.svg.empty()))
    return finish(
        fail(ec::invalid_argument,
             "--csv and --svg only go with a config that has [scale], "
             "such as configs/papers/scale.toml"));
  if (!how.devices.empty()) {
    if (scales || (text && is_transformer_case(*text)))
      return finish(fail(ec::invalid_argument,
                         "--devices goes with the config of a network to run; "
                         "{} has its own devices",
                         how.what.config));
    return plan_for_devices(how);
  }
  if (text && is_transformer_case(*text))
    return plan_transformer(*text, how.what, how.json);
  if (scales)
    return plan_scale(*text, how.what,
                      {how.json, how.csv, how.svg, how.overwrite});
  return plan_for_nodes(how);
}

} // namespace

void add_plan_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<plan_options>();
  auto* command = parent.add_subcommand(
      "plan", "What a config would take on each node and link, before it runs");
  how->what.add_to(*command);
  command->add_flag("--json", how->json, "Print one JSON object");
  command->add_option("--devices", how->devices,
                      "Plan for the devices of this file, see configs/devices");
  auto* measured = command->add_flag(
      "--measure", how->measure,
      "Measure what layers take here, on the first device, instead of "
      "counting operations");
  command
      ->add_option("--infer", how->examples,
                   "Plan for questions of so many examples, not for training")
      ->transform(whole_number(1, 65536))
      ->excludes(measured);
  command->add_option("--csv", how->csv,
                      "A config with [scale]: also as a table");
  command->add_option("--svg", how->svg,
                      "A config with [scale]: also as a picture");
  command->add_flag("--overwrite", how->overwrite,
                    "Replace the files of --csv and --svg");
  command->callback([how, &status] { status = run(*how); });
}

} // namespace nnactor
