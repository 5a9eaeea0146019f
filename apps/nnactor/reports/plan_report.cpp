#include "reports/plan_report.hpp"

#include "terminal/format.hpp"
#include "terminal/table.hpp"

#include <algorithm>
#include <array>

namespace nnactor {

namespace {

struct named_plan {
  const char* name;
  const network_plan* plan; ///< Null where there is none.
};

std::array<named_plan, 3> strategies_of(const plan_choices& what) {
  return {{{"layerwise", what.layerwise ? &what.layerwise->plan : nullptr},
           {"megatron", what.megatron ? &*what.megatron : nullptr},
           {"auto", what.best ? &what.best->plan : nullptr}}};
}

std::vector<named_plan> all_of(const plan_choices& what) {
  auto strategies = strategies_of(what);
  std::vector<named_plan> out(strategies.begin(), strategies.end());
  if (what.configured)
    out.insert(out.begin(), {"configured", &*what.configured});
  return out;
}

/// A step by cause, in seconds; they add up to it.
struct step_causes {
  double compute, memory, communication, bubble;
};

step_causes causes_of(const network_plan& plan) {
  auto& slowest = plan.slowest();
  auto m = plan.micro_batches;
  auto computing = slowest.compute + slowest.memory;
  return {m * slowest.compute, m * slowest.memory,
          m * (slowest.seconds() - computing), plan.bubble()};
}

uint64_t devices_of(const network_plan& plan) {
  return plan.stages.back().end_device;
}

std::string format_seconds(double seconds) {
  if (seconds < 1e-3)
    return fmt::format("{:.1f} us", seconds * 1e6);
  return seconds < 1 ? fmt::format("{:.3f} ms", seconds * 1e3)
                     : fmt::format("{:.3f} s", seconds);
}

std::string percent(double part, double all) {
  return fmt::format("{:.0f} %", all > 0 ? 100 * part / all : 0);
}

// More lines than that help nobody.
constexpr size_t most_lines = 20;

std::string and_more(size_t all) {
  return all <= most_lines
             ? std::string{}
             : fmt::format("  and {} more\n", format_count(all - most_lines));
}

/// What each layer takes for one micro-batch.
std::string render_layers(const plan_choices& what, const network& net) {
  table out{{"layer", ">neurons", ">parameters", ">Mflop", ">moved", ">cached",
             ">held", ">passed"}};
  auto bytes = [](double x) { return format_bytes(static_cast<uint64_t>(x)); };
  for (size_t i = 0; i < what.work.layers.size() && i < most_lines; ++i) {
    auto& x = what.work.job.layers[i];
    auto& of = net.layers[what.work.layers[i]];
    out.add({printable(of.name), format_count(of.units),
             format_count(of.parameters()), fmt::format("{:.1f}", x.flop / 1e6),
             bytes(x.moved), bytes(x.resident), bytes(x.memory),
             bytes(x.passed_on)});
  }
  return out.render() + and_more(what.work.layers.size());
}

/// What the plans expect of links.
std::string render_links(const planned_cluster& on) {
  auto of = [](const link_model& link) {
    return fmt::format("{} and {}/s", format_seconds(link.latency),
                       format_bytes(static_cast<uint64_t>(link.bandwidth)));
  };
  if (on.devices.size() == 1)
    return {};
  auto out = fmt::format("Links take {}", of(on.inside));
  if (on.servers.front() == on.servers.back())
    return out + ".\n";
  return fmt::format("{} between devices of a node,\n{} between nodes.\n", out,
                     of(on.between));
}

std::string render_strategies(const plan_choices& what) {
  table out{{"strategy", ">stages", ">devices", ">step", ">compute", ">memory",
             ">links", ">bubble", ">per s"}};
  for (auto [name, plan] : all_of(what)) {
    if (plan == nullptr) {
      out.add({name, "-"});
      continue;
    }
    auto all = plan->seconds();
    auto by = causes_of(*plan);
    out.add({name, format_count(plan->stages.size()),
             format_count(devices_of(*plan)), format_seconds(all),
             percent(by.compute, all), percent(by.memory, all),
             percent(by.communication, all), percent(by.bubble, all),
             format_rate(static_cast<double>(what.examples) / all)});
  }
  return out.render();
}

double resident(const plan_choices& what, const planned_stage& stage) {
  auto bytes = 0.0;
  for (auto i = stage.first_layer; i < stage.end_layer; ++i)
    bytes += what.work.job.layers[i].resident;
  return bytes;
}

std::string layers_of(const plan_choices& what, const network& net,
                      const planned_stage& stage) {
  auto name = [&](uint64_t i) {
    return printable(net.layers[what.work.layers[i]].name);
  };
  auto last = stage.end_layer - 1;
  return stage.first_layer == last
             ? name(last)
             : fmt::format("{} to {}", name(stage.first_layer), name(last));
}

/// "1" or "1-8", as people count.
std::string range_of(uint64_t first, uint64_t end) {
  return end - first == 1 ? fmt::format("{}", end)
                          : fmt::format("{}-{}", first + 1, end);
}

/// "60 %", or "10-30 %" where devices have different shares.
std::string shares_of(const planned_stage& stage) {
  auto [least, most] = std::ranges::minmax(stage.shares);
  auto low = fmt::format("{:.0f}", 100 * least);
  auto high = fmt::format("{:.0f}", 100 * most);
  return low == high ? high + " %" : fmt::format("{}-{} %", low, high);
}

/// Of the devices of a stage: how many hold their share in their cache.
size_t cached_devices(const plan_choices& what, const planned_stage& stage) {
  auto bytes = resident(what, stage);
  size_t out = 0;
  for (size_t i = 0; i < stage.shares.size(); ++i)
    out += stage.shares[i] * bytes
           <= what.on.devices[stage.first_device + i].cache * (1 + 1e-9);
  return out;
}

std::string render_stages(const plan_choices& what, const network& net,
                          const network_plan& plan) {
  table out{{">stage", "layers", ">devices", ">share", ">holds", ">in cache",
             ">micro-batch"}};
  auto shown = std::min(plan.stages.size(), most_lines);
  for (size_t i = 0; i < shown; ++i) {
    auto& x = plan.stages[i];
    auto most = std::ranges::max(x.shares) * resident(what, x);
    out.add({format_count(i + 1), layers_of(what, net, x),
             range_of(x.first_device, x.end_device), shares_of(x),
             format_bytes(static_cast<uint64_t>(most)),
             fmt::format("{} of {}", cached_devices(what, x), x.shares.size()),
             format_seconds(x.seconds())});
  }
  return out.render() + and_more(plan.stages.size());
}

std::string certificate(const optimal_plan& best) {
  if (best.any_sizes)
    return fmt::format("No plan is faster: {} probes, the last of them for a "
                       "billionth less.\n",
                       format_count(best.probes));
  return fmt::format("No stages of equally many devices keep a step of all "
                     "alike below {}:\n{} probes, the last of them for a "
                     "billionth less.\n",
                     format_seconds(best.plan.bound()),
                     format_count(best.probes));
}

nlohmann::json to_json(const plan_choices& what, const network& net,
                       const network_plan& plan) {
  auto by = causes_of(plan);
  nlohmann::json out{
      {"seconds", plan.seconds()}, {"compute", by.compute},
      {"memory", by.memory},       {"communication", by.communication},
      {"bubble", by.bubble},       {"stages", nlohmann::json::array()}};
  for (auto& x : plan.stages)
    out["stages"].push_back(
        {{"first_layer", net.layers[what.work.layers[x.first_layer]].name},
         {"last_layer", net.layers[what.work.layers[x.end_layer - 1]].name},
         {"first_device", x.first_device},
         {"shares", x.shares},
         {"seconds", x.seconds()},
         {"bytes", resident(what, x)},
         {"cached_devices", cached_devices(what, x)}});
  return out;
}

} // namespace

plan_choices choose_plans(network_work work, planned_cluster on,
                          uint64_t examples) {
  plan_choices out;
  out.work = std::move(work);
  out.on = std::move(on);
  out.examples = examples;
  out.layerwise = plan_layerwise(out.work.job, out.on);
  out.megatron = plan_megatron(out.work.job, out.on);
  out.best = plan_optimal(out.work.job, out.on);
  return out;
}

std::string compare_split(const plan_choices& what) {
  constexpr auto as_fast = 1.05;
  if (!what.configured || !what.best)
    return {};
  auto times = what.configured->seconds() / what.best->plan.seconds();
  if (times < as_fast)
    return "The split of the config is as fast as any plan.";
  if (devices_of(what.best->plan) == 1)
    return fmt::format("One {} is fastest: the split of the config would take "
                       "{:.1f} times as long.",
                       what.device, times);
  return fmt::format("The split of the config would take {:.1f} times as long "
                     "as auto, the fastest.",
                     times);
}

std::string why_fastest(const plan_choices& what) {
  named_plan next{nullptr, nullptr};
  for (auto x : strategies_of(what))
    if (x.plan != nullptr && x.plan != &what.best->plan
        && (next.plan == nullptr || x.plan->seconds() < next.plan->seconds()))
      next = x;
  if (next.plan == nullptr)
    return {};
  auto mine = causes_of(what.best->plan);
  auto theirs = causes_of(*next.plan);
  auto times = next.plan->seconds() / what.best->plan.seconds();
  if (times < 1.0005)
    return fmt::format("It is as fast as {}.", next.name);
  std::array<std::pair<double, const char*>, 4> saved{
      {{theirs.compute - mine.compute, "computing"},
       {theirs.memory - mine.memory, "waiting for memory"},
       {theirs.communication - mine.communication, "communication"},
       {theirs.bubble - mine.bubble, "filling and draining stages"}}};
  auto most = std::ranges::max(saved);
  return fmt::format(
      "It is {:.2f} times as fast as {}, the next best,\nmost of "
      "all by less time for {} ({} of a step).",
      times, next.name, most.second, format_seconds(most.first));
}

std::string render(const plan_choices& what, const network& net,
                   const std::string& title) {
  auto out = fmt::format("What a micro-batch takes of each layer\n{}\n{}\n{}{}",
                         render_layers(what, net), title,
                         render_strategies(what), render_links(what.on));
  if (!what.best)
    return out + "No plan fits the memory of the devices.\n";
  if (what.layerwise && what.layerwise->filled > 1)
    out += fmt::format("Layerwise holds up to {:.1f} times what the caches of "
                       "its devices take.\n",
                       what.layerwise->filled);
  if (auto text = compare_split(what); !text.empty())
    out += text + "\n";
  out += fmt::format("\nThe stages of auto\n{}",
                     render_stages(what, net, what.best->plan));
  if (auto why = why_fastest(what); !why.empty())
    out += why + "\n";
  return out + certificate(*what.best);
}

nlohmann::json to_json(const plan_choices& what, const network& net) {
  auto out = nlohmann::json::object();
  for (auto [name, link] :
       {std::pair{"inside", &what.on.inside}, {"between", &what.on.between}})
    out["links"][name] = {{"seconds", link->latency},
                          {"bytes_per_s", link->bandwidth}};
  for (auto [name, plan] : all_of(what))
    if (plan != nullptr)
      out[name] = to_json(what, net, *plan);
  if (what.layerwise)
    out["layerwise"]["filled"] = what.layerwise->filled;
  if (what.configured && what.best)
    out["configured"]["times"] =
        what.configured->seconds() / what.best->plan.seconds();
  if (what.best) {
    out["auto"]["infeasible_seconds"] = what.best->infeasible;
    out["auto"]["probes"] = what.best->probes;
    out["auto"]["any_sizes"] = what.best->any_sizes;
  }
  return out;
}

} // namespace nnactor
