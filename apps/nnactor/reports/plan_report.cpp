#include "reports/plan_report.hpp"

#include "terminal/format.hpp"
#include "terminal/table.hpp"

#include <algorithm>
#include <array>

namespace nnactor {

namespace {

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
    out.add({of.name, format_count(of.units), format_count(of.parameters()),
             fmt::format("{:.1f}", x.flop / 1e6), bytes(x.moved),
             bytes(x.resident), bytes(x.memory), bytes(x.passed_on)});
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
  for (auto [name, plan] : what.all()) {
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

std::string layers_of(const plan_choices& what, const network& net,
                      const planned_stage& stage) {
  auto name = [&](uint64_t i) { return net.layers[what.work.layers[i]].name; };
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

std::string render_stages(const plan_choices& what, const network& net,
                          const network_plan& plan) {
  table out{{">stage", "layers", ">devices", ">share", ">holds", ">in cache",
             ">micro-batch"}};
  auto shown = std::min(plan.stages.size(), most_lines);
  for (size_t i = 0; i < shown; ++i) {
    auto& x = plan.stages[i];
    auto most = std::ranges::max(x.shares) * what.resident(x);
    out.add({format_count(i + 1), layers_of(what, net, x),
             range_of(x.first_device, x.end_device), shares_of(x),
             format_bytes(static_cast<uint64_t>(most)),
             fmt::format("{} of {}", what.cached_devices(x), x.shares.size()),
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
         {"bytes", what.resident(x)},
         {"cached_devices", what.cached_devices(x)}});
  return out;
}

} // namespace

std::string compare_split(const plan_choices& what) {
  constexpr auto as_fast = 1.05;
  auto times = what.configured_over_best();
  if (!times)
    return {};
  if (*times < as_fast)
    return "The split of the config is as fast as any plan.";
  if (devices_of(what.best->plan) == 1)
    return fmt::format("One {} is fastest: the split of the config would take "
                       "{:.1f} times as long.",
                       what.device, *times);
  return fmt::format("The split of the config would take {:.1f} times as long "
                     "as auto, the fastest.",
                     *times);
}

std::string why_fastest(const plan_choices& what) {
  auto next = what.next_best();
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
  for (auto [name, plan] : what.all())
    if (plan != nullptr)
      out[name] = to_json(what, net, *plan);
  if (what.layerwise)
    out["layerwise"]["filled"] = what.layerwise->filled;
  if (auto times = what.configured_over_best())
    out["configured"]["times"] = *times;
  if (what.best) {
    out["auto"]["infeasible_seconds"] = what.best->infeasible;
    out["auto"]["probes"] = what.best->probes;
    out["auto"]["any_sizes"] = what.best->any_sizes;
  }
  return out;
}

} // namespace nnactor
