#include "bench/bench.hpp"
#include "commands/commands.hpp"
#include "terminal/format.hpp"
#include "terminal/interruption.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"

namespace nnactor {

namespace {

void show(const figures& all, bool json) {
  if (json)
    return say_json(to_json(all));
  for (auto& f : all)
    say("{:<28} {:>14}  {}\n", f.name, format_decimal(f.value, f.digits),
        f.explanation);
}

/// Adds one benchmark with its options; `json` belongs to all of them.
template <class Bench>
CLI::App& add_bench(CLI::App& parent, const char* name, const char* what,
                    const std::shared_ptr<Bench>& how, int& status) {
  auto* command = parent.add_subcommand(name, what);
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "Print one JSON object");
  command->callback([how, json, &status] {
    interruption signals{"not all was measured"};
    auto all = run(*how);
    if (all)
      show(*all, *json);
    status = all ? 0 : finish(all.error());
  });
  return *command;
}

/// Adds an option that takes a number from `least` to `most`.
template <class T>
void add_number(CLI::App& command, const char* name, T& into, const char* what,
                uint64_t least, uint64_t most) {
  command.add_option(name, into, what)
      ->transform(whole_number(least, most))
      ->capture_default_str();
}

} // namespace

void add_bench_command(CLI::App& parent, int& status) {
  auto* bench = parent.add_subcommand(
      "bench", "Measure: figures taken side by side in one run");
  bench->require_subcommand(1);
  auto step = std::make_shared<step_bench>();
  auto& step_command =
      add_bench(*bench, "step",
                "Training steps of the quickstart's network on one node, on "
                "three and in a plain loop",
                step, status);
  step_command.add_option("--config", step->config, "Experiment to time")
      ->capture_default_str();
  add_number(step_command, "--steps", step->steps,
             "Steps of each; the first 20 are not timed", 40, 1000000);
  auto hop = std::make_shared<hop_bench>();
  add_number(
      add_bench(
          *bench, "hop",
          "Messages between cores, to another process and in bulk, beside "
          "plain TCP",
          hop, status),
      "--bulk-bytes", hop->bulk_bytes, "Bytes to send for each size of tensor",
      uint64_t{64} << 20, uint64_t{1} << 40);
  auto directory = std::make_shared<directory_bench>();
  auto& directory_command = add_bench(
      *bench, "directory", "Who owns a neuron, with neurons dealt at random",
      directory, status);
  add_number(directory_command, "--neurons", directory->neurons, "Neurons",
             uint64_t{1}, uint64_t{1} << 62);
  add_number(directory_command, "--servers", directory->servers, "Servers", 1,
             10000000);
  auto tax = std::make_shared<tax_bench>();
  auto& tax_command = add_bench(
      *bench, "tax", "A partition on one node and on two, against plain loops",
      tax, status);
  add_number(tax_command, "--steps", tax->steps,
             "Steps of each; the first 20 are not timed", 40, 1000000);
  add_number(tax_command, "--width", tax->width, "Neurons of each layer", 64,
             65536);
  auto metadata = std::make_shared<metadata_bench>();
  add_bench(*bench, "metadata",
            "What a node knows and what a remote invocation costs as a cluster "
            "grows",
            metadata, status)
      .add_option("--nodes", metadata->nodes, "Sizes of the clusters")
      ->transform(whole_number(2, 1024))
      ->delimiter(',')
      ->capture_default_str();
  auto cut = std::make_shared<cut_bench>();
  auto& cut_command = add_bench(
      *bench, "cut",
      "Connections between the parts of a clustered network, by mechanism", cut,
      status);
  add_number(cut_command, "--neurons", cut->neurons, "Neurons", 1000, 10000000);
  add_number(cut_command, "--parts", cut->parts, "Parts", 2, 256);
  auto recovery = std::make_shared<recovery_bench>();
  auto& recovery_command = add_bench(
      *bench, "recovery", "How soon a run goes on after a node was killed",
      recovery, status);
  add_number(recovery_command, "--width", recovery->width,
             "Neurons of each layer", 64, 65536);
  add_number(recovery_command, "--nodes", recovery->nodes, "Nodes", 2, 64);
  auto store = std::make_shared<store_bench>();
  add_number(
      add_bench(
          *bench, "store",
          "Commits and loads beside plain files, and what they cost a run",
          store, status),
      "--width", store->width, "Neurons of each layer", 64, 65536);
  auto residency = std::make_shared<residency_bench>();
  auto& residency_command =
      add_bench(*bench, "residency",
                "A network that fits the caches of two cores but not of one",
                residency, status);
  residency_command
      .add_option("--config", residency->config, "Network to time")
      ->capture_default_str();
  residency_command
      .add_option("--width", residency->width,
                  "Neurons of each layer instead of those of the config")
      ->transform(whole_number(16, 65536));
  residency_command.add_option(
      "--device", residency->device,
      "Measure a block of the six layers on this device instead, for example "
      "gpu:0");
  residency_command.add_option("--csv", residency->csv,
                               "Also measure 0.5 to 64 MB, into this table");
  residency_command.add_option("--svg", residency->svg,
                               "Also measure 0.5 to 64 MB, into this picture");
  residency_command.add_flag("--overwrite", residency->overwrite,
                             "Replace these files");
  auto plan = std::make_shared<plan_bench>();
  auto& plan_command =
      add_bench(*bench, "plan",
                "Predicted times of plans against measured ones", plan, status);
  add_number(plan_command, "--networks", plan->networks,
             "Random networks, each on four placements", 2, 1000);
  add_number(plan_command, "--seed", plan->seed, "Of what is drawn", 0,
             uint64_t{1} << 62);
  plan_command.add_flag("--list", plan->list, "Print every case");
  auto gemm = std::make_shared<gemm_bench>();
  auto& gemm_command =
      add_bench(*bench, "gemm",
                "Dense layers of many rows on a device, beside its library",
                gemm, status);
  gemm_command
      .add_option("--device", gemm->device,
                  "Device to measure, for example gpu:0")
      ->capture_default_str();
  add_number(gemm_command, "--size", gemm->size,
             "Rows, inputs and units; 0: several sizes", 0, 65536);
  auto gemv = std::make_shared<gemv_bench>();
  add_number(
      add_bench(
          *bench, "gemv",
          "Products of few rows from L2, L3 and memory, beside plain reads "
          "and oneDNN",
          gemv, status),
      "--cpu", gemv->cpu, "Core to measure on", 0, 1023);
  auto rebalance = std::make_shared<rebalance_bench>();
  auto& rebalance_command =
      add_bench(*bench, "rebalance",
                "What a rebalance wins back when one of two nodes is slowed",
                rebalance, status);
  add_number(rebalance_command, "--width", rebalance->width,
             "Neurons of each layer", 64, 65536);
  add_number(rebalance_command, "--burners", rebalance->burners,
             "Busy loops on the core of the second node", 1, 64);
}

} // namespace nnactor
