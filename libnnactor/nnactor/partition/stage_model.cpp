#include "nnactor/partition/stage_model.hpp"

#include <algorithm>
#include <limits>

namespace nnactor {

namespace {

constexpr auto infinite = std::numeric_limits<double>::infinity();

/// What nobody needs is there in any amount.
double inverse(double need) {
  return need > 0 ? 1 / need : 1e300;
}

stage_load operator-(const stage_load& x, const stage_load& y) {
  return {x.flop - y.flop,           x.moved - y.moved,
          x.resident - y.resident,   x.memory - y.memory,
          x.exchanged - y.exchanged, x.overhead - y.overhead,
          x.layers - y.layers};
}

} // namespace

double gather_time(const planned_job& job, const stage_load& work,
                   uint64_t ways, const link_model& link) {
  auto t = static_cast<double>(ways);
  auto hops = link.kind == collective::ring ? t - 1 : std::min(t - 1, 1.0);
  return job.exchanges
         * (work.layers * hops * link.latency
            + (t - 1) / t * work.exchanged / link.bandwidth);
}

share_sizes::share_sizes(const stage_load& work)
    : flop(inverse(work.flop)), moved(inverse(work.moved)),
      resident(inverse(work.resident)), memory(inverse(work.memory)) {
}

double most_share(const planned_device& device, const share_sizes& of,
                  double seconds) {
  if (seconds <= 0)
    return 0;
  auto from_cache = std::min(device.cache * of.resident,
                             seconds * device.cache_bandwidth * of.moved);
  auto from_memory = seconds * device.bandwidth * of.moved;
  auto out = std::min({1.0, seconds * device.flops * of.flop,
                       std::max(from_cache, from_memory)});
  return device.memory > 0 ? std::min(out, device.memory * of.memory) : out;
}

share_time time_of_share(const planned_device& device, const stage_load& work,
                         double share) {
  auto fits = share * work.resident <= device.cache * (1 + 1e-9);
  return {share * work.flop / device.flops,
          share * work.moved
              / (fits ? device.cache_bandwidth : device.bandwidth)};
}

stage_model::stage_model(const planned_job& job, const planned_cluster& on)
    : job_(job), on_(on), sums_(1), rates_(1) {
  for (const auto& x : job.layers) {
    const auto& all = sums_.back();
    sums_.push_back({all.flop + x.flop, all.moved + x.moved,
                     all.resident + x.resident, all.memory + x.memory,
                     all.exchanged + x.exchanged, all.overhead + x.overhead,
                     all.layers + 1});
  }
  for (const auto& x : on.devices)
    rates_.push_back({rates_.back().flops + x.flops,
                      rates_.back().cache_bandwidth + x.cache_bandwidth});
  count_kinds();
  enough_ = count_enough();
}

void stage_model::count_kinds() {
  for (const auto& x : on_.devices) {
    auto kind = std::ranges::find(kinds_, x, &kind_of_device::like);
    if (kind == kinds_.end()) {
      if (kinds_.size() == most_kinds)
        return kinds_.clear();
      kinds_.push_back({x, {}});
    }
  }
  for (auto& kind : kinds_) {
    kind.before.push_back(0);
    for (const auto& x : on_.devices)
      kind.before.push_back(kind.before.back() + (x == kind.like ? 1 : 0));
  }
}

double stage_model::count_enough() const {
  const auto& all = sums_.back();
  auto slowest = 0.0;
  for (const auto& x : on_.devices)
    slowest = std::max(slowest, all.flop / x.flops + all.moved / x.bandwidth);
  auto far = 2 * (on_.inside.latency + on_.between.latency)
             * static_cast<double>(devices()) * all.layers;
  auto bytes = all.exchanged;
  for (const auto& x : job_.layers)
    bytes += x.passed_on;
  return 1
         + 2
               * (slowest + all.overhead + far
                  + 2 * bytes
                        / std::min(on_.inside.bandwidth,
                                   on_.between.bandwidth));
}

stage_load stage_model::load(uint64_t first_layer, uint64_t end_layer) const {
  return sums_[end_layer] - sums_[first_layer];
}

stage_model::device_rates stage_model::rates(uint64_t first_device,
                                             uint64_t end_device) const {
  const auto& before = rates_[first_device];
  const auto& all = rates_[end_device];
  return {all.flops - before.flops,
          all.cache_bandwidth - before.cache_bandwidth};
}

double stage_model::communication(const stage_load& work, uint64_t first_device,
                                  uint64_t end_device) const {
  auto near = on_.servers[first_device] == on_.servers[end_device - 1];
  return work.overhead
         + gather_time(job_, work, end_device - first_device,
                       near ? on_.inside : on_.between);
}

double stage_model::border(stage_end at) const {
  if (at.layer == layers() || at.device == devices())
    return 0;
  auto near = on_.servers[at.device - 1] == on_.servers[at.device];
  const auto& link = near ? on_.inside : on_.between;
  return job_.exchanges
         * (link.latency
            + job_.layers[at.layer - 1].passed_on / link.bandwidth);
}

double stage_model::shares(const stage_load& work, uint64_t first_device,
                           uint64_t end_device, double seconds) const {
  share_sizes of{work};
  auto out = 0.0;
  if (kinds_.empty() || end_device - first_device <= kinds_.size()) {
    for (auto i = first_device; i < end_device; ++i)
      out += most_share(on_.devices[i], of, seconds);
    return out;
  }
  for (const auto& kind : kinds_)
    if (auto count = kind.before[end_device] - kind.before[first_device])
      out += count * most_share(kind.like, of, seconds);
  return out;
}

bool stage_model::keeps(uint64_t first_layer, uint64_t end_layer,
                        uint64_t first_device, uint64_t end_device,
                        double seconds) const {
  // Sums of rounded shares of a whole may miss it by a little.
  constexpr auto whole = 1 - 1e-12;
  auto work = load(first_layer, end_layer);
  auto left = seconds - communication(work, first_device, end_device);
  return left > 0 && shares(work, first_device, end_device, left) >= whole;
}

uint64_t stage_model::reach(uint64_t first_layer, uint64_t first_device,
                            uint64_t end_device, double seconds,
                            uint64_t guess) const {
  auto can = [&](uint64_t end) {
    return keeps(first_layer, end, first_device, end_device, seconds);
  };
  auto low = first_layer;
  auto high = layers();
  // Steps that double, from the guess in whichever direction.
  auto at = std::min(first_layer + guess, high);
  auto step = 1 + guess / 16;
  if (at > low && !can(at)) {
    high = at - 1;
    for (; high > low + step && !can(high - step); step *= 2)
      high -= step + 1;
    low = high > low + step ? high - step : low;
  } else {
    low = at;
    for (; low + step < high && can(low + step); step *= 2)
      low += step;
    high = low + step < high ? low + step - 1 : high;
  }
  while (low < high) {
    auto middle = low + (high - low + 1) / 2;
    if (can(middle))
      low = middle;
    else
      high = middle - 1;
  }
  while (low > first_layer
         && !keeps(first_layer, low, first_device, end_device,
                   seconds - border({low, end_device})))
    --low;
  return low;
}

double stage_model::least_seconds(uint64_t first_layer, uint64_t end_layer,
                                  uint64_t first_device,
                                  uint64_t end_device) const {
  auto enough_for = [&](double seconds) {
    return keeps(first_layer, end_layer, first_device, end_device, seconds);
  };
  auto most = enough();
  return enough_for(most) ? bisect(0, most, enough_for) : infinite;
}

} // namespace nnactor
