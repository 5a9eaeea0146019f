#include "bench.hpp"
#include "commands.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace nnactor {

namespace {

void show(const figures& all, bool json) {
  if (json) {
    nlohmann::json out;
    for (auto& f : all)
      out[f.name] = f.value;
    fmt::print("{}\n", out.dump());
    return;
  }
  for (auto& f : all)
    fmt::print("{:<28} {:>14.{}f}  {}\n", f.name, f.value, f.digits,
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
    auto all = run(*how);
    if (all)
      show(*all, *json);
    status = all ? 0 : finish(all.error());
  });
  return *command;
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
  step_command.add_option("--steps", step->steps, "Steps to time of each")
      ->check(CLI::Range(20, 1000000))
      ->capture_default_str();
  auto hop = std::make_shared<hop_bench>();
  add_bench(*bench, "hop",
            "Messages between cores, to another process and in bulk, beside "
            "plain TCP",
            hop, status)
      .add_option("--bulk-bytes", hop->bulk_bytes,
                  "Bytes to send for each size of tensor")
      ->check(CLI::Range(uint64_t{64} << 20, uint64_t{1} << 40))
      ->capture_default_str();
  auto directory = std::make_shared<directory_bench>();
  auto& directory_command = add_bench(
      *bench, "directory", "Who owns a neuron, with neurons dealt at random",
      directory, status);
  directory_command.add_option("--neurons", directory->neurons, "Neurons")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 62))
      ->capture_default_str();
  directory_command.add_option("--servers", directory->servers, "Servers")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  auto tax = std::make_shared<tax_bench>();
  auto& tax_command = add_bench(
      *bench, "tax", "A partition on one node and on two, against plain loops",
      tax, status);
  tax_command.add_option("--steps", tax->steps, "Steps to time of each")
      ->check(CLI::Range(20, 1000000))
      ->capture_default_str();
  tax_command.add_option("--width", tax->width, "Neurons of each layer")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
  auto metadata = std::make_shared<metadata_bench>();
  add_bench(*bench, "metadata",
            "What a node knows and what a remote invocation costs as a cluster "
            "grows",
            metadata, status)
      .add_option("--nodes", metadata->nodes, "Sizes of the clusters")
      ->check(CLI::Range(2, 1024))
      ->delimiter(',')
      ->capture_default_str();
  auto cut = std::make_shared<cut_bench>();
  auto& cut_command = add_bench(
      *bench, "cut",
      "Connections between the parts of a clustered network, by mechanism", cut,
      status);
  cut_command.add_option("--neurons", cut->neurons, "Neurons")
      ->check(CLI::Range(1000, 10000000))
      ->capture_default_str();
  cut_command.add_option("--parts", cut->parts, "Parts")
      ->check(CLI::Range(2, 256))
      ->capture_default_str();
  auto recovery = std::make_shared<recovery_bench>();
  auto& recovery_command = add_bench(
      *bench, "recovery", "How soon a run goes on after a node was killed",
      recovery, status);
  recovery_command
      .add_option("--width", recovery->width, "Neurons of each layer")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
  recovery_command.add_option("--nodes", recovery->nodes, "Nodes")
      ->check(CLI::Range(2, 64))
      ->capture_default_str();
  auto store = std::make_shared<store_bench>();
  add_bench(*bench, "store",
            "Commits and loads beside plain files, and what they cost a run",
            store, status)
      .add_option("--width", store->width, "Neurons of each layer")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
  auto residency = std::make_shared<residency_bench>();
  auto& residency_command =
      add_bench(*bench, "residency",
                "A network that fits the caches of two cores but not of one",
                residency, status);
  residency_command
      .add_option("--width", residency->width, "Neurons of each layer")
      ->check(CLI::Range(16, 65536))
      ->capture_default_str();
  residency_command.add_option("--csv", residency->csv,
                               "Also measure 0.5 to 64 MB, into this table");
  residency_command.add_option("--svg", residency->svg,
                               "Also measure 0.5 to 64 MB, into this picture");
  auto gemv = std::make_shared<gemv_bench>();
  add_bench(*bench, "gemv",
            "Products of few rows from L2, L3 and memory, beside plain reads "
            "and oneDNN",
            gemv, status)
      .add_option("--cpu", gemv->cpu, "Core to measure on")
      ->check(CLI::Range(0, 1023))
      ->capture_default_str();
  auto rebalance = std::make_shared<rebalance_bench>();
  auto& rebalance_command =
      add_bench(*bench, "rebalance",
                "What a rebalance wins back when one of two nodes is slowed",
                rebalance, status);
  rebalance_command
      .add_option("--width", rebalance->width, "Neurons of each layer")
      ->check(CLI::Range(64, 65536))
      ->capture_default_str();
  rebalance_command
      .add_option("--burners", rebalance->burners,
                  "Busy loops on the core of the second node")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
}

} // namespace nnactor
