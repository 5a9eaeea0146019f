#include "reports/footprint_report.hpp"

#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace nnactor {

namespace {

std::string name_of(const job_footprint& what, node_index node) {
  return node == what.where.driver() ? "driver"
                                     : fmt::format("node {}", node + 1);
}

double percent_of(const connection_cut& cut) {
  return cut.all == 0 ? 0
                      : 100 * static_cast<double>(cut.crossing)
                            / static_cast<double>(cut.all);
}

} // namespace

std::string render(const job_footprint& what) {
  table holds{
      {">node", "address", ">groups", ">neurons", ">parameters", ">Gflop/s"}};
  table needs{{">node", ">process", ">model", ">copies", ">activations",
               ">buffers", ">all", ">of"}};
  for (size_t i = 0; i < what.needs.size(); ++i) {
    auto& x = what.needs[i];
    auto& m = what.nodes->members[i];
    auto number = fmt::format("{}", i + 1);
    holds.add(
        {number, cut(printable(m.address), 21), format_count(x.groups),
         format_count(x.neurons), format_count(x.parameters),
         fmt::format("{:.1f}", static_cast<double>(m.info.speed) / 1000)});
    needs.add({number, format_bytes(x.process),
               format_bytes(x.weights + x.gradients + x.optimizer),
               format_bytes(x.saving), format_bytes(x.activations()),
               format_bytes(x.buffers), format_bytes(x.total()),
               format_bytes(what.memory[i])});
  }
  table wires{{"from", "to", ">forward", ">backward", ">bytes a step"}};
  uint64_t all = 0;
  for (auto& x : what.links) {
    wires.add({name_of(what, x.from), name_of(what, x.to),
               format_bytes(x.forward), format_bytes(x.backward),
               format_count(x.forward + x.backward)});
    all += x.forward + x.backward;
  }
  wires.add({"all", "", "", "", format_count(all)});
  return fmt::format(
      "What each node holds\n{}\nWhat it needs in memory\n{}"
      "Model: parameters with gradients and optimizer; copies: of what is "
      "being saved.\n\n"
      "What crosses links\n{}\n{} of {} connections between neurons cross from "
      "part to part ({:.1f} %)\n",
      holds.render(), needs.render(), wires.render(),
      format_count(what.cut.crossing), format_count(what.cut.all),
      percent_of(what.cut));
}

nlohmann::json to_json(const job_footprint& what) {
  auto out = nlohmann::json{{"nodes", nlohmann::json::array()},
                            {"links", nlohmann::json::array()}};
  out["connections"] = what.cut.all;
  out["cut"] = what.cut.crossing;
  for (size_t i = 0; i < what.needs.size(); ++i) {
    auto& x = what.needs[i];
    auto& m = what.nodes->members[i];
    out["nodes"].push_back({{"node", i + 1},
                            {"address", printable(m.address)},
                            {"groups", x.groups},
                            {"neurons", x.neurons},
                            {"parameters", x.parameters},
                            {"weights", x.weights},
                            {"gradients", x.gradients},
                            {"optimizer", x.optimizer},
                            {"copies", x.saving},
                            {"process", x.process},
                            {"activations", x.activations()},
                            {"buffers", x.buffers},
                            {"bytes", x.total()},
                            {"memory", what.memory[i]},
                            {"mflop_per_s", m.info.speed}});
  }
  for (auto& x : what.links)
    out["links"].push_back({{"from", name_of(what, x.from)},
                            {"to", name_of(what, x.to)},
                            {"forward", x.forward},
                            {"backward", x.backward}});
  return out;
}

} // namespace nnactor
