#include "commands.hpp"
#include "format.hpp"
#include "plan_report.hpp"
#include "scale_report.hpp"
#include "table.hpp"
#include "transformer_report.hpp"

#include "nnactor/config/device_list.hpp"
#include "nnactor/config/read_file.hpp"
#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/engine/footprint.hpp"
#include "nnactor/engine/layer_profile.hpp"
#include "nnactor/partition/connectivity.hpp"
#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"
#include "nnactor/run/planned_nodes.hpp"

#include <nlohmann/json.hpp>

namespace nnactor {

namespace {

struct plan_options {
  experiment_options what;
  bool json = false;
  std::string csv;
  std::string svg;
  std::string devices;   ///< A file; empty: nodes are asked.
  uint64_t examples = 0; ///< Of a question; 0: training.
  bool measure = false;  ///< What layers take, here, instead of counting.
};

/// @param flops Of the first device, which is taken to be one of this machine.
void measure(network_work& work, const prepared_job& job, double flops) {
  auto& train = job.how.run.train;
  auto dev = make_cpu_device();
  auto order =
      batch_order{job.data->size(split::train), train.batch, train.seed};
  auto batch = job.data->gather(split::train, order.batch(0));
  measure_work(work, job.net, train, *dev, flops, batch.inputs, batch.targets);
}

/// The work of what is planned and the examples of a step.
std::pair<network_work, uint64_t> work_of(const prepared_job& job,
                                          const plan_options& how,
                                          const planned_cluster& on) {
  auto& train = job.how.run.train;
  if (how.examples == 0) {
    auto work = training_work(job.net, train);
    if (how.measure)
      measure(work, job, on.devices.front().flops);
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
                  : fmt::format("questions of {} example{}", how.examples,
                                how.examples == 1 ? "" : "s");
  return fmt::format("Plans for {} on {} device{} of {}", what,
                     format_count(devices), devices == 1 ? "" : "s", where);
}

/// Plans for devices that a file describes.
int plan_for_devices(const plan_options& how) {
  auto text = read_file(how.devices, ec::invalid_config);
  if (!text)
    return finish(text.error());
  auto devices = parse_device_list(*text, how.devices);
  if (!devices)
    return finish(devices.error());
  auto config = how.what.read();
  if (!config)
    return finish(config.error());
  auto job = prepare(std::move(*config));
  if (!job)
    return finish(job.error());
  auto [work, examples] = work_of(*job, how, devices->on);
  auto plans = choose_plans(std::move(work), std::move(devices->on), examples);
  if (how.json)
    fmt::print("{}\n", to_json(plans, job->net).dump());
  else
    fmt::print("{}",
               render(plans, job->net,
                      title_of(how, plans.on.devices.size(),
                               fmt::format("{}", printable(how.devices)))));
  return plans.best ? 0 : 1;
}

/// A job on its nodes, before anything is deployed.
struct plan {
  prepared_job job;
  cluster_ptr nodes;
  arrangement on;
};

result<plan> make_plan(const plan_options& how) {
  auto config = how.what.read();
  if (!config)
    return config.error();
  auto job = prepare(std::move(*config));
  if (!job)
    return job.error();
  plan out;
  out.job = std::move(*job);
  auto& settings = out.job.how;
  // Nodes are asked what they are, and nothing else.
  auto cluster = controller::make(
      {settings.cluster, settings.store.path, settings.store.path + ".nodes"});
  if (!cluster)
    return cluster.error();
  auto nodes = (*cluster)->join();
  if (!nodes)
    return nodes.error();
  out.nodes = *nodes;
  if (auto err = split_for_nodes(out.job, *out.nodes))
    return err;
  out.on = {
      out.job.parts, out.job.graph,
      out.job.placed_on(static_cast<uint32_t>(out.nodes->members.size()))};
  return out;
}

std::string name_of(const plan& what, node_index node) {
  return node == what.on.where.driver() ? "driver"
                                        : fmt::format("node {}", node + 1);
}

double percent_of(const connection_cut& cut) {
  return cut.all == 0 ? 0
                      : 100 * static_cast<double>(cut.crossing)
                            / static_cast<double>(cut.all);
}

void print_text(const plan& what, const std::vector<node_footprint>& nodes,
                const std::vector<link_traffic>& links,
                const std::vector<uint64_t>& memory) {
  table needs{{">node", ">groups", ">neurons", ">parameters", ">weights",
               ">gradients", ">optimizer"}};
  table sums{{">node", "address", ">activations", ">buffers", ">all", ">of",
              ">Gflop/s"}};
  for (size_t i = 0; i < nodes.size(); ++i) {
    auto& x = nodes[i];
    auto& m = what.nodes->members[i];
    auto number = fmt::format("{}", i + 1);
    needs.add({number, format_count(x.groups), format_count(x.neurons),
               format_count(x.parameters), format_bytes(x.weights),
               format_bytes(x.gradients), format_bytes(x.optimizer)});
    sums.add({number, cut(printable(m.address), 21),
              format_bytes(x.activations), format_bytes(x.buffers),
              format_bytes(x.total()), format_bytes(memory[i]),
              fmt::format("{:.1f}", static_cast<double>(m.info.speed) / 1000)});
  }
  table wires{{"from", "to", ">forward", ">backward", ">bytes a step"}};
  uint64_t all = 0;
  for (auto& x : links) {
    wires.add({name_of(what, x.from), name_of(what, x.to),
               format_bytes(x.forward), format_bytes(x.backward),
               format_count(x.forward + x.backward)});
    all += x.forward + x.backward;
  }
  wires.add({"all", "", "", "", format_count(all)});
  fmt::print("What each node holds\n{}\nWhat it needs in memory\n{}\n"
             "What crosses links\n{}",
             needs.render(), sums.render(), wires.render());
  auto cut = cut_of(what.job.net, what.job.parts);
  fmt::print("\n{} of {} connections between neurons cross from one part to "
             "another ({:.1f} %)\n",
             format_count(cut.crossing), format_count(cut.all),
             percent_of(cut));
}

plan_choices plans_for(const plan& what, const plan_options& how) {
  auto& settings = what.job.how;
  auto on =
      devices_of(settings.cluster, *what.nodes, settings.run.train.compute);
  auto [work, examples] = work_of(what.job, how, on);
  return choose_plans(std::move(work), std::move(on), examples);
}

void print_json(const plan& what, const plan_choices& plans,
                const std::vector<node_footprint>& nodes,
                const std::vector<link_traffic>& links,
                const std::vector<uint64_t>& memory) {
  auto out = nlohmann::json{{"nodes", nlohmann::json::array()},
                            {"links", nlohmann::json::array()}};
  auto cut = cut_of(what.job.net, what.job.parts);
  out["connections"] = cut.all;
  out["cut"] = cut.crossing;
  out["plans"] = to_json(plans, what.job.net);
  for (size_t i = 0; i < nodes.size(); ++i) {
    auto& x = nodes[i];
    auto& m = what.nodes->members[i];
    out["nodes"].push_back({{"node", i + 1},
                            {"address", printable(m.address)},
                            {"groups", x.groups},
                            {"neurons", x.neurons},
                            {"parameters", x.parameters},
                            {"weights", x.weights},
                            {"gradients", x.gradients},
                            {"optimizer", x.optimizer},
                            {"activations", x.activations},
                            {"buffers", x.buffers},
                            {"bytes", x.total()},
                            {"memory", memory[i]},
                            {"mflop_per_s", m.info.speed}});
  }
  for (auto& x : links)
    out["links"].push_back({{"from", name_of(what, x.from)},
                            {"to", name_of(what, x.to)},
                            {"forward", x.forward},
                            {"backward", x.backward}});
  fmt::print("{}\n", out.dump());
}

int run(const plan_options& how) {
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
    return plan_scale(*text, how.what, {how.json, how.csv, how.svg});
  auto what = make_plan(how);
  if (!what)
    return finish(what.error());
  auto& train = what->job.how.run.train;
  auto nodes = footprints(what->job.net, what->on, train);
  auto links = traffic(what->on, train);
  auto memory = memory_limits(what->job.how.cluster, *what->nodes);
  auto plans = plans_for(*what, how);
  if (how.json) {
    print_json(*what, plans, nodes, links, memory);
  } else {
    print_text(*what, nodes, links, memory);
    auto count = what->nodes->members.size();
    fmt::print("\n{}", render(plans, what->job.net,
                              title_of(how, plans.on.devices.size(),
                                       fmt::format("{} node{}", count,
                                                   count == 1 ? "" : "s"))));
  }
  return finish(check_memory(what->job, what->on.where, *what->nodes));
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
      ->check(CLI::Range(1, 65536))
      ->excludes(measured);
  command->add_option("--csv", how->csv,
                      "A config with [scale]: also as a table");
  command->add_option("--svg", how->svg,
                      "A config with [scale]: also as a picture");
  command->callback([how, &status] { status = run(*how); });
}

} // namespace nnactor
