#include "nnactor/partition/planner.hpp"

#include "nnactor/partition/all_stages.hpp"
#include "nnactor/partition/stage_model.hpp"

#include <algorithm>
#include <numeric>

namespace nnactor {

double planned_stage::seconds() const {
  return compute + memory + communication + border;
}

const planned_stage& network_plan::slowest() const {
  return *std::ranges::max_element(stages, {}, &planned_stage::seconds);
}

double network_plan::bubble() const {
  auto out = -slowest().seconds();
  for (const auto& x : stages)
    out += x.seconds();
  return out;
}

double network_plan::seconds() const {
  return micro_batches * slowest().seconds() + bubble();
}

double network_plan::bound() const {
  return (micro_batches + static_cast<double>(stages.size()) - 1)
         * slowest().seconds();
}

namespace {

// A probe asks for this much less than the best time so far.
constexpr auto below = 1 - 1e-9;

// Of a bisection.
constexpr auto exactly = 1e-10;
constexpr auto closely = 1e-5;
constexpr auto roughly = 1e-3;

// For sums that are only rounded too large.
constexpr auto slack = 1 + 1e-9;

std::vector<double> shares_of(const stage_model& model, const planned_stage& at,
                              sharing how) {
  auto ways = at.end_device - at.first_device;
  if (how == sharing::equal)
    return std::vector(ways, 1 / static_cast<double>(ways));
  auto work = model.load(at.first_layer, at.end_layer);
  stage_devices devices{model, at.first_device, at.end_device};
  auto left = devices.least_seconds(at.first_layer, at.end_layer)
              - devices.communication(work);
  share_sizes of{work};
  std::vector<double> out;
  for (auto i = at.first_device; i < at.end_device; ++i)
    out.push_back(std::min(
        1.0, most_share(model.cluster().devices[i], of, std::max(0.0, left))));
  auto sum = std::accumulate(out.begin(), out.end(), 0.0);
  for (auto& x : out)
    x /= sum;
  return out;
}

bool fits(const stage_model& model, const planned_stage& at) {
  auto work = model.load(at.first_layer, at.end_layer);
  for (size_t i = 0; i < at.shares.size(); ++i) {
    auto has = model.cluster().devices[at.first_device + i].memory;
    if (has > 0 && at.shares[i] * work.memory > has * (1 + 1e-9))
      return false;
  }
  return true;
}

void add_times(const stage_model& model, planned_stage& at) {
  auto work = model.load(at.first_layer, at.end_layer);
  auto longest = -1.0;
  for (size_t i = 0; i < at.shares.size(); ++i) {
    auto time = time_of_share(model.cluster().devices[at.first_device + i],
                              work, at.shares[i]);
    if (std::max(time.compute, time.moving) <= longest)
      continue;
    longest = std::max(time.compute, time.moving);
    at.compute = time.compute;
    at.memory = std::max(0.0, time.moving - time.compute);
  }
  stage_devices devices{model, at.first_device, at.end_device};
  at.communication = devices.communication(work);
  at.border = devices.border(at.end_layer);
}

std::optional<network_plan> evaluate(const stage_model& model,
                                     const std::vector<stage_end>& ends,
                                     sharing how) {
  network_plan out{{}, model.micro_batches()};
  stage_end begin;
  for (auto end : ends) {
    planned_stage next;
    next.first_layer = begin.layer;
    next.end_layer = end.layer;
    next.first_device = begin.device;
    next.end_device = end.device;
    next.shares = shares_of(model, next, how);
    if (!fits(model, next))
      return std::nullopt;
    add_times(model, next);
    out.stages.push_back(std::move(next));
    begin = end;
  }
  return out;
}

/// Stages of `size` devices each. Every stage that goes as far as it can leaves
/// the least to the others.
class equal_sizes {
public:
  equal_sizes(const stage_model& model, uint64_t size)
      : model_(model), size_(size), work_(model.load(0, model.layers())) {
    slowest_ = fastest_ = model.rates(0, size);
    for (auto i = 2 * size; i <= model.devices(); i += size) {
      auto rates = model.rates(i - size, i);
      slowest_.flops = std::min(slowest_.flops, rates.flops);
      slowest_.cache_bandwidth =
          std::min(slowest_.cache_bandwidth, rates.cache_bandwidth);
      fastest_.flops = std::max(fastest_.flops, rates.flops);
      fastest_.cache_bandwidth =
          std::max(fastest_.cache_bandwidth, rates.cache_bandwidth);
    }
  }

  /// The fewest stages that each take so many seconds at most, nothing where
  /// more than `most` are needed.
  std::optional<uint64_t> stages(double seconds, uint64_t most) {
    auto like_before = seconds_before_ > 0 ? seconds / seconds_before_ : 0;
    seconds_before_ = seconds;
    ends_.clear();
    stage_end at;
    auto all = model_.layers();
    auto count = all / most;
    while (at.layer < all) {
      if (ends_.size() == most
          || !may_do(model_.load(at.layer, all),
                     model_.rates(at.device, most * size_), seconds))
        return std::nullopt;
      auto i = ends_.size();
      if (i < counts_.size())
        count = static_cast<uint64_t>(counts_[i] * like_before);
      auto next = i + 1 < counts_.size() ? counts_[i + 1] * like_before : count;
      model_.prefetch(at.layer + count + static_cast<uint64_t>(next));
      auto to = stage_devices{model_, at.device, at.device + size_}.reach(
          at.layer, seconds, count);
      if (to == at.layer)
        return std::nullopt;
      count = to - at.layer;
      counts_.resize(std::max(counts_.size(), i + 1));
      counts_[i] = static_cast<double>(count);
      at = {to, at.device + size_};
      ends_.push_back(at);
    }
    return ends_.size();
  }

  /// Where the stages end that `stages` has found.
  const std::vector<stage_end>& ends() const {
    return ends_;
  }

  uint64_t size() const {
    return size_;
  }

  uint64_t most_stages() const {
    return std::min(model_.devices() / size_, model_.layers());
  }

  /// What no plan of this family can beat: all work at the rate of the fastest
  /// stage, all that sharing costs, and a bubble for all stages there may be.
  double least() const {
    auto m = static_cast<double>(model_.micro_batches());
    return (std::max(work_.flop / fastest_.flops,
                     work_.moved / fastest_.cache_bandwidth)
            + sharing(work_))
           * (1 + (m - 1) / static_cast<double>(most_stages()));
  }

  /// Whether so many stages might do all work in so many seconds each.
  bool may_do(uint64_t stages, double seconds) const {
    return may_do(work_, model_.rates(0, stages * size_), seconds);
  }

private:
  /// What sharing costs at least.
  double sharing(const stage_load& work) const {
    auto& on = model_.cluster();
    return work.overhead
           + std::min(gather_time(model_.job(), work, size_, on.inside),
                      gather_time(model_.job(), work, size_, on.between));
  }

  /// Whether stages with these rates together might do that in so many seconds
  /// each, if layers could be cut anywhere: what they spend on sharing is at
  /// least that much work of the slowest stage.
  bool may_do(const stage_load& work, const device_rates& all,
              double seconds) const {
    auto lost = sharing(work);
    return all.flops * seconds * slack >= work.flop + slowest_.flops * lost
           && all.cache_bandwidth * seconds * slack
                  >= work.moved + slowest_.cache_bandwidth * lost;
  }

  const stage_model& model_;
  uint64_t size_;
  stage_load work_;
  device_rates slowest_, fastest_; ///< Of all stages.
  std::vector<stage_end> ends_;
  // How many layers each stage had when it was last asked for, and for which
  // time: the next question is mostly about almost the same.
  std::vector<double> counts_;
  double seconds_before_ = 0;
};

/// Puts the plan that was found into `out`; nothing if none was.
std::optional<optimal_plan> finish(const stage_model& model,
                                   const std::vector<stage_end>& ends,
                                   optimal_plan out) {
  auto plan =
      ends.empty() ? std::nullopt : evaluate(model, ends, sharing::balanced);
  if (!plan)
    return std::nullopt;
  out.plan = std::move(*plan);
  return out;
}

/// As `bisect`, for an x that is mostly little below `high`.
template <class Test>
double bisect_below(double high, Test is_enough, double precision) {
  auto low = high;
  for (auto less = closely; low > 0; less *= 16) {
    low = std::max(0.0, high * (1 - less));
    if (!is_enough(low))
      break;
    high = low;
  }
  return bisect(low, high, is_enough, precision);
}

/// The best of the equal sizes so far, by its bound.
struct search {
  const stage_model& model;
  double seconds = 0;
  std::vector<stage_end> ends = {};
  uint64_t probes = 0;
  /// Sizes and numbers of stages whose time is known closely, but not exactly.
  std::vector<std::pair<uint64_t, uint64_t>> close = {};

  /// Of a stage, so that a step of p of them is better than the best.
  double time_for(uint64_t p) const {
    return seconds * below
           / (model.micro_batches() + static_cast<double>(p) - 1);
  }

  /// The best with p stages at most, if it is better.
  bool improve_with(equal_sizes& among, uint64_t p, double precision) {
    auto each = time_for(p);
    auto keeps = [&](double x) {
      ++probes;
      return among.stages(x, p).has_value();
    };
    if (!among.may_do(p, each) || !keeps(each))
      return false;
    each = bisect_below(each, keeps, precision);
    p = *among.stages(each, p);
    seconds = each * (model.micro_batches() + static_cast<double>(p) - 1);
    ends = among.ends();
    return true;
  }

  /// Looks for a good number of stages with steps that get shorter: the better
  /// the best, the less is left to look at.
  void approach(equal_sizes& among) {
    auto most = among.most_stages();
    auto at = most;
    improve_with(among, at, roughly);
    for (auto step = most / 2; step > 0; step /= 2)
      for (auto p : {at - std::min(step, at - 1), std::min(at + step, most)})
        if (improve_with(among, p, roughly))
          at = p;
  }

  /// Goes through all numbers of stages. With more of them less time is left to
  /// each, so if p are too few for their time and n would do, all between are
  /// too few as well.
  void improve(equal_sizes& among) {
    auto most = among.most_stages();
    for (uint64_t p = 1; p <= most;) {
      if (!among.may_do(p, time_for(p))) {
        ++p;
        continue;
      }
      ++probes;
      auto needed = among.stages(time_for(p), most);
      if (!needed)
        return;
      if (*needed > p) {
        p = *needed;
        continue;
      }
      if (improve_with(among, p, closely))
        close.emplace_back(among.size(), p);
      ++p;
    }
  }

  /// Of all that were the best at some time, those come first that were last.
  void finish() {
    for (; !close.empty(); close.pop_back()) {
      auto [size, p] = close.back();
      equal_sizes among{model, size};
      improve_with(among, p, exactly);
    }
  }
};

} // namespace

std::optional<network_plan> evaluate(const planned_job& job,
                                     const planned_cluster& on,
                                     const std::vector<stage_end>& ends,
                                     sharing how) {
  return evaluate(stage_model{job, on}, ends, how);
}

std::optional<optimal_plan> plan_equal_sizes(const planned_job& job,
                                             const planned_cluster& on) {
  stage_model model{job, on};
  std::vector<std::pair<double, uint64_t>> sizes;
  for (uint64_t size = 1; size <= model.devices(); ++size)
    sizes.emplace_back(equal_sizes{model, size}.least(), size);
  std::ranges::sort(sizes);
  search best{model, model.enough()
                         * static_cast<double>(model.micro_batches()
                                               + model.devices())};
  // Those that fill servers are good ones.
  for (uint64_t size = 1; size <= model.devices(); size *= 2) {
    equal_sizes among{model, size};
    best.approach(among);
  }
  for (auto [least, size] : sizes) {
    if (least >= best.seconds)
      break;
    equal_sizes among{model, size};
    best.improve(among);
  }
  best.finish();
  return finish(model, best.ends,
                {{}, false, best.probes, best.seconds * below});
}

std::optional<optimal_plan> plan_optimal(const planned_job& job,
                                         const planned_cluster& on) {
  stage_model model{job, on};
  if (!all_stages::are_few(model))
    return plan_equal_sizes(job, on);
  all_stages among{model};
  auto best = among.best();
  return finish(model, best.ends,
                {{}, true, best.tables, best.seconds * below});
}

} // namespace nnactor
