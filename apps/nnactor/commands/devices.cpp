#include "bench/probes.hpp"
#include "commands/commands.hpp"
#include "commands/job_options.hpp"
#include "terminal/format.hpp"
#include "terminal/interruption.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include "nnactor/machine/calibration.hpp"

#include <boost/filesystem.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace nnactor {

namespace {

constexpr uint64_t peer_bytes = uint64_t{64} << 20;
constexpr uint64_t peer_tensor = uint64_t{1} << 20;

struct devices_options {
  bool measure = false;
  bool json = false;
  node_options nodes;
};

/// What messages to one node cost.
struct peer {
  std::string address;
  double round_trip_us = 0;
  double gb_s = 0;
};

/// Where a user's programs keep what they can make again (XDG Base Directory
/// Specification); empty where there is no such place.
std::string cache_file() {
  if (auto* folder = std::getenv("XDG_CACHE_HOME"); folder && *folder)
    return std::string{folder} + "/nnactor/calibration.json";
  if (auto* home = std::getenv("HOME"); home && *home)
    return std::string{home} + "/.cache/nnactor/calibration.json";
  return {};
}

std::string read_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Under another name first, so that no reader sees half of it. Where it cannot
/// be kept it is measured again the next time.
void keep(const std::string& path, const std::string& text) {
  namespace fs = boost::filesystem;
  boost::system::error_code failed;
  auto file = fs::path{path};
  fs::create_directories(file.parent_path(), failed);
  auto temporary = file.parent_path() / fs::unique_path("%%%%%%%%.new");
  std::ofstream{temporary.string(), std::ios::binary} << text;
  fs::rename(temporary, file, failed);
}

double measure_hop() {
  caf::actor_system_config config;
  caf::actor_system system{config};
  return hop_us(system);
}

calibration calibrate(const topology& machine, const devices_options& how) {
  auto path = cache_file();
  if (!how.measure && !path.empty())
    if (auto kept = from_json(machine, read_text(path)))
      return *kept;
  if (!how.json)
    say("Measuring for two seconds ...\n");
  flush_output();
  auto out = measure(machine);
  out.hop_us = measure_hop();
  if (!path.empty())
    keep(path, to_json(machine, out));
  return out;
}

result<std::vector<peer>> measure_peers(const node_options& nodes) {
  std::vector<peer> out;
  if (nodes.addresses.empty())
    return out;
  auto where = nodes.read();
  if (!where)
    return where.error();
  temporary_folder folder;
  auto remote = open_remote(*where, folder);
  if (!remote)
    return remote.error();
  auto& job = *remote->network->job;
  auto work = work_id{job.epoch, 0, phase::infer, 0};
  for (auto& m : remote->network->cluster.members) {
    auto& system = remote->cluster->system();
    auto trip = round_trip_us(system, m.node);
    if (!trip)
      return within("node " + m.address, trip.error());
    auto speed = bulk_gb_s(system, m.gate, work, job.graph.loss_group(),
                           peer_tensor, peer_bytes);
    out.push_back({m.address, *trip, speed});
  }
  return out;
}

std::string size_or_unknown(uint64_t bytes) {
  return bytes == 0 ? "?" : format_binary(bytes);
}

std::string shared(uint64_t bytes, uint32_t cores) {
  return size_or_unknown(bytes)
         + (cores > 1 ? fmt::format(" for {}", cores) : "");
}

void print_machine(const topology& machine) {
  say("{}, {}, {} of memory\n", machine.processor,
      counted(machine.cores.size(), "core"), format_binary(machine.memory));
  table cores{{">cpu", ">threads", ">L1", ">L2", ">L3"}};
  for (auto& x : machine.cores)
    cores.add({std::to_string(x.cpu), std::to_string(x.threads),
               size_or_unknown(x.l1), shared(x.l2, x.l2_cores),
               shared(x.l3, x.l3_cores)});
  say("{}\n", cores.render());
  if (machine.gpus.empty())
    return say("No GPU that CUDA knows of\n\n");
  table gpus{{"gpu", "name", ">multiprocessors", ">L2", ">memory"}};
  for (size_t i = 0; i < machine.gpus.size(); ++i) {
    auto& x = machine.gpus[i];
    gpus.add({fmt::format("gpu:{}", i), x.name,
              std::to_string(x.multiprocessors), format_binary(x.l2),
              format_binary(x.memory)});
  }
  say("{}\n", gpus.render());
}

void print_measured(const calibration& what) {
  table reads{{">working set", ">read by a core"}};
  for (auto& x : what.reads)
    reads.add({format_binary(x.bytes),
               fmt::format("{:.1f} GB/s", x.bytes_per_s / 1e9)});
  say("{}\nproduct of matrices, a core: float32 {:.0f} Gflop/s, "
      "bfloat16 {}\nmessage from one core to another: {:.2f} us\n",
      reads.render(), what.float32_flop_per_s / 1e9,
      what.bfloat16_flop_per_s == 0
          ? "none"
          : fmt::format("{:.0f} Gflop/s", what.bfloat16_flop_per_s / 1e9),
      what.hop_us);
}

std::string rate(double a_second, double unit, const char* name) {
  return a_second == 0 ? "?" : fmt::format("{:.1f} {}", a_second / unit, name);
}

void print_gpus(const std::vector<gpu_speed>& gpus) {
  if (gpus.empty())
    return;
  table out{{"gpu", ">float32", ">bfloat16", ">L2", ">memory"}};
  for (size_t i = 0; i < gpus.size(); ++i) {
    auto& x = gpus[i];
    out.add({fmt::format("gpu:{}", i),
             rate(x.float32_flop_per_s, 1e12, "Tflop/s"),
             rate(x.bfloat16_flop_per_s, 1e12, "Tflop/s"),
             rate(x.cache_bytes_per_s, 1e9, "GB/s"),
             rate(x.memory_bytes_per_s, 1e9, "GB/s")});
  }
  say("\n{}", out.render());
}

void print_peers(const std::vector<peer>& peers) {
  if (peers.empty())
    return;
  table out{{"node", ">there and back", ">tensors of 1 MiB"}};
  for (auto& x : peers)
    out.add({x.address, fmt::format("{:.0f} us", x.round_trip_us),
             fmt::format("{:.2f} GB/s", x.gb_s)});
  say("\n{}", out.render());
}

void print_json(const topology& machine, const calibration& what,
                const std::vector<peer>& peers) {
  auto out = nlohmann::ordered_json::parse(to_json(machine, what));
  auto list = [&out](const char* name) -> auto& {
    return out[name] = nlohmann::json::array();
  };
  auto& cores = list("cores");
  for (auto& x : machine.cores)
    cores.push_back({{"cpu", x.cpu},
                     {"threads", x.threads},
                     {"l1", x.l1},
                     {"l2", x.l2},
                     {"l2_cores", x.l2_cores},
                     {"l3", x.l3},
                     {"l3_cores", x.l3_cores}});
  auto& gpus = list("gpus");
  for (auto& x : machine.gpus)
    gpus.push_back({{"name", x.name},
                    {"multiprocessors", x.multiprocessors},
                    {"l2", x.l2},
                    {"memory", x.memory}});
  auto& nodes = list("peers");
  for (auto& x : peers)
    nodes.push_back({{"address", x.address},
                     {"round_trip_us", x.round_trip_us},
                     {"gb_s", x.gb_s}});
  say_json(out);
}

int show(const devices_options& how) {
  auto machine = look_at_machine();
  if (!machine)
    return finish(machine.error());
  if (!how.json)
    print_machine(*machine);
  auto measured = calibrate(*machine, how);
  auto peers = measure_peers(how.nodes);
  if (!peers)
    return finish(peers.error());
  if (how.json) {
    print_json(*machine, measured, *peers);
    return 0;
  }
  print_measured(measured);
  print_gpus(measured.gpus);
  print_peers(*peers);
  return 0;
}

} // namespace

void add_devices_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<devices_options>();
  auto* command = parent.add_subcommand(
      "devices", "Show what this machine computes with, and how fast");
  command->add_flag("--measure", how->measure,
                    "Measure again instead of telling what was kept");
  command->add_flag("--json", how->json, "Print JSON");
  how->nodes.add_to(*command, false);
  command->callback([how, &status] {
    interruption signals{"not all was measured"};
    status = show(*how);
  });
}

} // namespace nnactor
