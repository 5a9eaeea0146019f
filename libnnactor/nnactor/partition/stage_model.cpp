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

const link_model& link_between(const planned_cluster& on, uint64_t one,
                               uint64_t other) {
  return on.servers[one] == on.servers[other] ? on.inside : on.between;
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
  auto from_cache = std::min(device.cache * of.resident,
                             seconds * device.cache_bandwidth * of.moved);
  auto from_memory = seconds * device.bandwidth * of.moved;
  auto out = std::min(seconds * device.flops * of.flop,
                      std::max(from_cache, from_memory));
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
    const auto& all = sums_.back().work;
    sums_.push_back(
        {{all.flop + x.flop, all.moved + x.moved, all.resident + x.resident,
          all.memory + x.memory, all.exchanged + x.exchanged,
          all.overhead + x.overhead, all.layers + 1},
         x.passed_on});
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
  const auto& all = sums_.back().work;
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
  return sums_[end_layer].work - sums_[first_layer].work;
}

device_rates stage_model::rates(uint64_t first_device,
                                uint64_t end_device) const {
  const auto& before = rates_[first_device];
  const auto& all = rates_[end_device];
  return {all.flops - before.flops,
          all.cache_bandwidth - before.cache_bandwidth};
}

stage_devices::stage_devices(const stage_model& model, uint64_t first,
                             uint64_t end)
    : model_(model), first_(first), end_(end),
      among_(link_between(model.cluster(), first, end - 1)),
      by_kind_(model.kinds().size() < end - first && !model.kinds().empty()) {
  if (end < model.devices())
    behind_ = &link_between(model.cluster(), end - 1, end);
  if (by_kind_)
    for (size_t i = 0; i < model.kinds().size(); ++i) {
      auto& before = model.kinds()[i].before;
      counts_[i] = before[end] - before[first];
    }
}

double stage_devices::communication(const stage_load& work) const {
  return work.overhead + gather_time(model_.job(), work, end_ - first_, among_);
}

double stage_devices::border(uint64_t end_layer) const {
  if (end_layer == model_.layers() || !behind_)
    return 0;
  return model_.job().exchanges
         * (behind_->latency
            + model_.passed_on(end_layer) / behind_->bandwidth);
}

double stage_devices::shares(uint64_t first_layer, uint64_t end_layer,
                             double seconds) const {
  auto work = model_.load(first_layer, end_layer);
  auto left = seconds - communication(work);
  if (left <= 0)
    return 0;
  share_sizes of{work};
  auto out = 0.0;
  if (by_kind_)
    for (size_t i = 0; i < model_.kinds().size(); ++i)
      out += counts_[i] * most_share(model_.kinds()[i].like, of, left);
  else
    for (auto i = first_; i < end_; ++i)
      out += most_share(model_.cluster().devices[i], of, left);
  return out;
}

uint64_t stage_devices::reach(uint64_t first_layer, double seconds,
                              uint64_t guess) const {
  auto low = first_layer;
  auto high = model_.layers();
  auto can = [&](uint64_t end) {
    if (!keep(first_layer, end, seconds)) {
      high = end - 1;
      return false;
    }
    low = end;
    return true;
  };
  // What they would do of so many layers tells how many it may be; from there,
  // steps that double in whichever direction.
  auto most = static_cast<double>(high - first_layer);
  auto count = std::clamp(static_cast<double>(guess), 1.0, most);
  auto part =
      shares(first_layer, first_layer + static_cast<uint64_t>(count), seconds);
  count = std::clamp(part * count, 1.0, most);
  auto step = 1 + static_cast<uint64_t>(count) / 32;
  if (can(first_layer + static_cast<uint64_t>(count)))
    for (; low < high && can(std::min(high, low + step)); step *= 2)
      ;
  else
    for (; low < high && !can(low + step > high ? low + 1 : high - step + 1);
         step *= 2)
      ;
  while (low < high)
    can(low + (high - low + 1) / 2);
  while (low > first_layer && !keep(first_layer, low, seconds - border(low)))
    --low;
  return low;
}

double stage_devices::least_seconds(uint64_t first_layer,
                                    uint64_t end_layer) const {
  auto enough_for = [&](double seconds) {
    return keep(first_layer, end_layer, seconds);
  };
  auto most = model_.enough();
  return enough_for(most) ? bisect(0, most, enough_for) : infinite;
}

} // namespace nnactor
