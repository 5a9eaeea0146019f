#include "reports/scale_report.hpp"

#include "reports/chart.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// "80 x 2 / 16": stages, ways and micro-batches.
std::string layout_of(const decode_plan& plan) {
  return fmt::format("{} x {} / {}", plan.how.stages, plan.how.tensor_ways,
                     plan.how.micro_batches);
}

/// What most of the time of a step goes into.
const char* cause_of(const step_time& x) {
  auto most = std::max({x.compute, x.memory, x.communication});
  if (most == x.communication)
    return "network";
  return most == x.memory ? "memory" : "compute";
}

table table_of(const scale_case& of, const std::vector<scale_point>& all,
               const std::string& network) {
  std::vector<std::string> headings = {">servers"};
  for (const auto& x : of.shapes)
    headings.insert(headings.end(), {">" + x.name, "split", "bound by"});
  table out{headings};
  for (auto servers : of.servers) {
    std::vector<std::string> cells = {format_count(servers)};
    for (const auto& x : all) {
      if (x.network != network || x.servers != servers)
        continue;
      if (x.plan)
        cells.insert(cells.end(), {format_rate(x.plan->tokens_per_s()),
                                   layout_of(*x.plan), cause_of(x.plan->step)});
      else
        cells.insert(cells.end(), {"-", "", "too large"});
    }
    out.add(cells);
  }
  return out;
}

nlohmann::json to_json(const scale_point& x) {
  nlohmann::json out{{"network", x.network},
                     {"shape", x.shape},
                     {"servers", x.servers},
                     {"fits", x.plan.has_value()}};
  if (x.plan) {
    out["tokens_per_s"] = x.plan->tokens_per_s();
    out["tensor_ways"] = x.plan->how.tensor_ways;
    out["stages"] = x.plan->how.stages;
    out["micro_batches"] = x.plan->how.micro_batches;
    out["sequences"] = x.plan->sequences;
    out["compute_s"] = x.plan->step.compute;
    out["memory_s"] = x.plan->step.memory;
    out["communication_s"] = x.plan->step.communication;
  }
  return out;
}

} // namespace

std::vector<scale_point> plan_scale(const scale_case& what) {
  std::vector<scale_point> out;
  for (const auto& network : what.networks) {
    auto server = what.server;
    server.between = network.between;
    for (const auto& x : what.shapes)
      for (auto servers : what.servers)
        out.push_back(
            {network.name, x.name, servers,
             fastest_decode(x.shape, what.load, what.device, server, servers)});
  }
  return out;
}

std::string render(const scale_case& of, const std::vector<scale_point>& all,
                   double seconds) {
  auto out = fmt::format(
      "Servers with {} x {}; tokens/s of decoding, at most {} "
      "sequences of {} tokens\nSplit: stages x devices that share "
      "each layer / micro-batches in flight\n",
      of.server.devices, of.device_name, format_decimal(of.load.sequences, 0),
      format_decimal(of.load.context, 0));
  for (const auto& network : of.networks)
    out += fmt::format("\n{}: {:.3g} ms, {:.3g} GB/s\n{}", network.name,
                       network.between.latency * 1e3,
                       network.between.bandwidth / 1e9,
                       table_of(of, all, network.name).render());
  return out
         + fmt::format("\nWhere more servers give no more, one copy of the "
                       "network cannot use them.\n{} plans in {:.2f} s\n",
                       all.size(), seconds);
}

nlohmann::json to_json(const std::vector<scale_point>& all) {
  auto out = nlohmann::json::array();
  for (const auto& x : all)
    out.push_back(to_json(x));
  return out;
}

std::string to_csv(const std::vector<scale_point>& all) {
  std::string out = "network,shape,servers,tokens_per_s,stages,tensor_ways,"
                    "micro_batches,sequences,compute_s,memory_s,"
                    "communication_s\n";
  for (const auto& x : all)
    if (x.plan)
      out += fmt::format("{},{},{},{:.6g},{},{},{},{},{:.6g},{:.6g},{:.6g}\n",
                         csv_cell(x.network), csv_cell(x.shape), x.servers,
                         x.plan->tokens_per_s(), x.plan->how.stages,
                         x.plan->how.tensor_ways, x.plan->how.micro_batches,
                         x.plan->sequences, x.plan->step.compute,
                         x.plan->step.memory, x.plan->step.communication);
  return out;
}

std::string to_svg(const scale_case& of, const std::vector<scale_point>& all) {
  chart out;
  out.title = "Tokens a second by servers";
  out.horizontal = "servers";
  out.vertical = "tokens/s";
  out.logarithmic = true;
  for (auto servers : of.servers)
    out.points.push_back(static_cast<double>(servers));
  for (size_t n = 0; n < of.networks.size(); ++n)
    for (size_t s = 0; s < of.shapes.size(); ++s) {
      const auto& network = of.networks[n].name;
      const auto& shape = of.shapes[s].name;
      chart_line line{fmt::format("{}, {}", shape, network), {}, n > 0, s};
      for (const auto& x : all)
        if (x.network == network && x.shape == shape)
          line.values.push_back(x.plan ? x.plan->tokens_per_s() : 0);
      out.lines.push_back(std::move(line));
    }
  return to_svg(out);
}

} // namespace nnactor
