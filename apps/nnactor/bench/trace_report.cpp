#include "bench/trace_report.hpp"

#include "terminal/output_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace nnactor {

namespace {

using nlohmann::json;

const char* to_string(trace::activity what) {
  constexpr const char* names[] = {"computing", "waiting", "sending"};
  return names[static_cast<size_t>(what) % 3];
}

/// Cores wait; other threads sleep, which nobody writes down.
bool is_core(const trace::thread_records& x) {
  return std::ranges::count(x.records, trace::activity::waiting,
                            &trace::record::what)
         > 0;
}

/// Time of a core from its first block to its last, by what it did.
struct core_time {
  explicit core_time(const std::vector<trace::record>& records) {
    uint64_t begin = UINT64_MAX;
    uint64_t end = 0;
    for (const auto& x : records)
      if (x.what == trace::activity::computing) {
        begin = std::min(begin, x.begin_ns);
        end = std::max(end, x.end_ns);
      }
    if (begin >= end)
      return;
    for (const auto& x : records)
      if (x.end_ns > begin && x.begin_ns < end)
        by[static_cast<size_t>(x.what) % 3] += static_cast<double>(
            std::min(x.end_ns, end) - std::max(x.begin_ns, begin));
    all = static_cast<double>(end - begin);
  }

  double by[3] = {};
  double all = 0;
};

json event(const trace::thread_records& of, const trace::record& x,
           uint64_t origin) {
  auto at = [origin](uint64_t ns) {
    return static_cast<double>(ns - origin) / 1e3;
  };
  auto group = x.of > 0 ? fmt::format(" group {}", x.of) : std::string{};
  return {{"ph", "X"},
          {"name", x.name + group},
          {"cat", to_string(x.what)},
          {"pid", of.process},
          {"tid", of.thread},
          {"ts", at(x.begin_ns)},
          {"dur", static_cast<double>(x.end_ns - x.begin_ns) / 1e3}};
}

/// Begin of the first record.
uint64_t origin_of(const std::vector<traced_run>& runs) {
  auto origin = UINT64_MAX;
  for (const auto& run : runs)
    for (const auto& thread : run.threads)
      for (const auto& x : thread.records)
        origin = std::min(origin, x.begin_ns);
  return origin;
}

json name_event(const char* what, const trace::thread_records& of,
                const std::string& name) {
  return {{"ph", "M"},
          {"name", what},
          {"pid", of.process},
          {"tid", of.thread},
          {"args", {{"name", name}}}};
}

/// What people call the processes and threads of a run, nodes in the order of
/// their start.
json names_of(const traced_run& run, uint64_t driver) {
  auto out = json::array();
  std::set<uint64_t> nodes;
  for (const auto& x : run.threads) {
    if (x.process != driver)
      nodes.insert(x.process);
    out.push_back(
        name_event("process_name", x,
                   x.process == driver
                       ? "driver"
                       : fmt::format("{}: node {}", run.name, nodes.size())));
    out.push_back(
        name_event("thread_name", x, is_core(x) ? "core" : "messages"));
  }
  return out;
}

} // namespace

figures shares_of(const traced_run& run) {
  double computing = 0, waiting = 0, all = 0;
  for (const auto& thread : run.threads)
    if (is_core(thread)) {
      core_time time{thread.records};
      computing += time.by[static_cast<size_t>(trace::activity::computing)];
      waiting += time.by[static_cast<size_t>(trace::activity::waiting)];
      all += time.all;
    }
  if (all == 0)
    return {};
  return {
      {run.name + "_computing", computing / all, 3,
       "of the time of its cores, blocks of devices"},
      {run.name + "_waiting", waiting / all, 3, "of it, for what others send"},
      {run.name + "_runtime", 1 - (computing + waiting) / all, 3,
       "of it, messages and what groups do with them"}};
}

caf::error write_trace(const std::vector<traced_run>& runs, uint64_t driver,
                       const std::string& path, bool overwrite) {
  auto file = output_file::create(path, overwrite);
  if (!file)
    return file.error();
  auto events = json::array();
  auto origin = origin_of(runs);
  for (const auto& run : runs) {
    for (auto& name : names_of(run, driver))
      events.push_back(std::move(name));
    for (const auto& thread : run.threads)
      for (const auto& x : thread.records)
        events.push_back(event(thread, x, origin));
  }
  auto text = json{{"traceEvents", std::move(events)}}.dump();
  if (auto err = file->write(text))
    return err;
  return file->finish();
}

} // namespace nnactor
