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

void add_step(CLI::App& bench, int& status) {
  auto how = std::make_shared<step_bench>();
  auto& command =
      add_bench(bench, "step",
                "Training steps of the quickstart's network on one node, on "
                "three and in a plain loop",
                how, status);
  command.add_option("--config", how->config, "Experiment to time")
      ->capture_default_str();
  add_number(command, "--steps", how->steps,
             "Steps of each; the first 20 are not timed", 40, 1000000);
  command.add_option("--trace", how->trace,
                     "File for what every core does when, for chrome://tracing "
                     "or ui.perfetto.dev, from runs of their own");
  command.add_flag("--overwrite", how->overwrite,
                   "Replace the file of --trace");
}

void add_hop(CLI::App& bench, int& status) {
  auto how = std::make_shared<hop_bench>();
  add_number(
      add_bench(
          bench, "hop",
          "Messages between cores, to another process and in bulk, beside "
          "plain TCP",
          how, status),
      "--bulk-bytes", how->bulk_bytes, "Bytes to send for each size of tensor",
      uint64_t{64} << 20, uint64_t{1} << 40);
}

void add_directory(CLI::App& bench, int& status) {
  auto how = std::make_shared<directory_bench>();
  auto& command =
      add_bench(bench, "directory",
                "Who owns a neuron, with neurons dealt at random", how, status);
  add_number(command, "--neurons", how->neurons, "Neurons", uint64_t{1},
             uint64_t{1} << 62);
  add_number(command, "--servers", how->servers, "Servers", 1, 10000000);
}

void add_tax(CLI::App& bench, int& status) {
  auto how = std::make_shared<tax_bench>();
  auto& command = add_bench(
      bench, "tax", "A partition on one node and on two, against plain loops",
      how, status);
  add_number(command, "--steps", how->steps,
             "Steps of each; the first 20 are not timed", 40, 1000000);
  add_number(command, "--width", how->width, "Neurons of each layer", 64,
             65536);
}

void add_metadata(CLI::App& bench, int& status) {
  auto how = std::make_shared<metadata_bench>();
  add_bench(bench, "metadata",
            "What a node knows and what a remote invocation costs as a cluster "
            "grows",
            how, status)
      .add_option("--nodes", how->nodes, "Sizes of the clusters")
      ->transform(whole_number(2, 1024))
      ->delimiter(',')
      ->capture_default_str();
}

void add_cut(CLI::App& bench, int& status) {
  auto how = std::make_shared<cut_bench>();
  auto& command = add_bench(
      bench, "cut",
      "Connections between the parts of a clustered network, by mechanism", how,
      status);
  add_number(command, "--neurons", how->neurons, "Neurons", 1000, 10000000);
  add_number(command, "--parts", how->parts, "Parts", 2, 256);
}

void add_recovery(CLI::App& bench, int& status) {
  auto how = std::make_shared<recovery_bench>();
  auto& command =
      add_bench(bench, "recovery",
                "How soon a run goes on after a node was killed", how, status);
  add_number(command, "--width", how->width, "Neurons of each layer", 64,
             65536);
  add_number(command, "--nodes", how->nodes, "Nodes", 2, 64);
}

void add_store(CLI::App& bench, int& status) {
  auto how = std::make_shared<store_bench>();
  add_number(
      add_bench(
          bench, "store",
          "Commits and loads beside plain files, and what they cost a run", how,
          status),
      "--width", how->width, "Neurons of each layer", 64, 65536);
}

void add_residency(CLI::App& bench, int& status) {
  auto how = std::make_shared<residency_bench>();
  auto& command =
      add_bench(bench, "residency",
                "A network that fits the caches of two cores but not of one",
                how, status);
  command.add_option("--config", how->config, "Network to time")
      ->capture_default_str();
  command
      .add_option("--width", how->width,
                  "Neurons of each layer instead of those of the config")
      ->transform(whole_number(16, 65536));
  command.add_option(
      "--device", how->device,
      "Measure a block of the six layers on this device instead, for example "
      "gpu:0");
  command.add_option("--csv", how->csv,
                     "Also measure 0.5 to 64 MB, into this table");
  command.add_option("--svg", how->svg,
                     "Also measure 0.5 to 64 MB, into this picture");
  command.add_flag("--overwrite", how->overwrite, "Replace these files");
}

void add_plan(CLI::App& bench, int& status) {
  auto how = std::make_shared<plan_bench>();
  auto& command =
      add_bench(bench, "plan", "Predicted times of plans against measured ones",
                how, status);
  add_number(command, "--networks", how->networks,
             "Random networks, each on four placements", 2, 1000);
  add_number(command, "--seed", how->seed, "Of what is drawn", 0,
             uint64_t{1} << 62);
  command.add_flag("--list", how->list, "Print every case");
}

void add_gemm(CLI::App& bench, int& status) {
  auto how = std::make_shared<gemm_bench>();
  auto& command = add_bench(
      bench, "gemm",
      "Dense layers of many rows on a device, beside its library", how, status);
  command
      .add_option("--device", how->device,
                  "Device to measure, for example gpu:0")
      ->capture_default_str();
  add_number(command, "--size", how->size,
             "Rows, inputs and units; 0: several sizes", 0, 65536);
}

void add_gemv(CLI::App& bench, int& status) {
  auto how = std::make_shared<gemv_bench>();
  add_number(
      add_bench(
          bench, "gemv",
          "Products of few rows from L2, L3 and memory, beside plain reads "
          "and oneDNN",
          how, status),
      "--cpu", how->cpu, "Core to measure on", 0, 1023);
}

void add_rebalance(CLI::App& bench, int& status) {
  auto how = std::make_shared<rebalance_bench>();
  auto& command =
      add_bench(bench, "rebalance",
                "What a rebalance wins back when one of two nodes is slowed",
                how, status);
  add_number(command, "--width", how->width, "Neurons of each layer", 64,
             65536);
  add_number(command, "--burners", how->burners,
             "Busy loops on the core of the second node", 1, 64);
}

} // namespace

void add_bench_command(CLI::App& parent, int& status) {
  auto* bench = parent.add_subcommand(
      "bench", "Measure: figures taken side by side in one run");
  bench->require_subcommand(1);
  add_step(*bench, status);
  add_hop(*bench, status);
  add_directory(*bench, status);
  add_tax(*bench, status);
  add_metadata(*bench, status);
  add_cut(*bench, status);
  add_recovery(*bench, status);
  add_store(*bench, status);
  add_residency(*bench, status);
  add_plan(*bench, status);
  add_gemm(*bench, status);
  add_gemv(*bench, status);
  add_rebalance(*bench, status);
}

} // namespace nnactor
