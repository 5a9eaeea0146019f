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

} // namespace

void add_bench_command(CLI::App& parent, int& status) {
  auto* bench = parent.add_subcommand(
      "bench", "Measure: figures taken side by side in one run");
  bench->require_subcommand(1);
  auto json = std::make_shared<bool>(false);
  auto step = std::make_shared<step_bench>();
  auto* command = bench->add_subcommand(
      "step",
      "Training steps of the quickstart's network on one node, on three "
      "and in a plain loop");
  command->add_option("--config", step->config, "Experiment to time")
      ->capture_default_str();
  command->add_option("--steps", step->steps, "Steps to time of each")
      ->check(CLI::Range(20, 1000000))
      ->capture_default_str();
  command->add_flag("--json", *json, "Print one JSON object");
  command->callback([=, &status] {
    auto all = run(*step);
    if (all)
      show(*all, *json);
    status = all ? 0 : finish(all.error());
  });
}

} // namespace nnactor
