#include "nnactor/partition/all_stages.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nnactor {

namespace {

constexpr auto infinite = std::numeric_limits<double>::infinity();
constexpr uint64_t most_stages = 100'000;

uint64_t runs_of(uint64_t count) {
  return count * (count + 1) / 2;
}

} // namespace

bool all_stages::are_few(const stage_model& model) {
  auto layers = model.layers(), devices = model.devices();
  return layers < most_stages && devices < most_stages
         && runs_of(layers) * runs_of(devices) <= most_stages;
}

all_stages::all_stages(const stage_model& model) : model_(model) {
  auto layers = static_cast<uint32_t>(model.layers());
  auto devices = static_cast<uint32_t>(model.devices());
  for (uint32_t i = 0; i < layers; ++i)
    for (auto j = i + 1; j <= layers; ++j)
      for (uint32_t a = 0; a < devices; ++a)
        for (auto b = a + 1; b <= devices; ++b) {
          auto seconds = stage_devices{model, a, b}.seconds(i, j);
          if (std::isfinite(seconds))
            stages_.push_back({i, j, a, b, seconds});
        }
}

all_stages::found all_stages::best() const {
  std::vector<double> times;
  for (const auto& x : stages_)
    times.push_back(x.seconds);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  found out{infinite, {}, 0};
  if (!times.empty())
    look(0, times.size() - 1, times, out);
  return out;
}

void all_stages::look(size_t low, size_t high, const std::vector<double>& times,
                      found& best) const {
  auto others = static_cast<double>(model_.micro_batches()) - 1;
  auto at_most = shortest(times[high]);
  ++best.tables;
  if (at_most.ends.empty())
    return;
  auto slowest = 0.0;
  // What it takes is told by its own slowest stage, which may be faster.
  stage_end begin;
  for (auto end : at_most.ends) {
    stage_devices devices{model_, begin.device, end.device};
    slowest = std::max(slowest, devices.seconds(begin.layer, end.layer));
    begin = end;
  }
  if (auto seconds = at_most.seconds + others * slowest;
      seconds < best.seconds) {
    best.seconds = seconds;
    best.ends = std::move(at_most.ends);
  }
  if (low == high || at_most.seconds + others * times[low] >= best.seconds)
    return;
  auto middle = low + (high - low) / 2;
  look(low, middle, times, best);
  // The upper half again, now that more is known.
  if (at_most.seconds + others * times[middle + 1] < best.seconds)
    look(middle + 1, high, times, best);
}

all_stages::found all_stages::shortest(double most) const {
  struct step {
    double sum = infinite;
    stage_end from = {};
  };
  auto devices = model_.devices();
  std::vector<step> table((model_.layers() + 1) * (devices + 1));
  auto at = [&](uint64_t layer, uint64_t device) -> step& {
    return table[layer * (devices + 1) + device];
  };
  at(0, 0).sum = 0;
  for (const auto& x : stages_) {
    auto sum = at(x.first_layer, x.first_device).sum + x.seconds;
    auto& to = at(x.end_layer, x.end_device);
    if (x.seconds <= most && sum < to.sum)
      to = {sum, {x.first_layer, x.first_device}};
  }
  found out{infinite, {}, 0};
  stage_end last{model_.layers(), 0};
  for (uint64_t d = 1; d <= devices; ++d)
    if (at(last.layer, d).sum < out.seconds) {
      out.seconds = at(last.layer, d).sum;
      last.device = d;
    }
  if (!std::isfinite(out.seconds))
    return out;
  for (auto end = last; end.layer > 0; end = at(end.layer, end.device).from)
    out.ends.insert(out.ends.begin(), end);
  return out;
}

} // namespace nnactor
