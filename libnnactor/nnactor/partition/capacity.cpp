#include "nnactor/partition/scope.hpp"

#include "nnactor/counting.hpp"
#include <algorithm>
#include <numeric>

namespace nnactor {

namespace {

/// Parameters that fit a share, short of one neuron a layer: each layer is
/// rounded to whole neurons.
double capacity_of(const network& net, const share& of, uint64_t bytes) {
  if (of.memory == 0)
    return static_cast<double>(net.parameter_count());
  double rounding = 0;
  for (const auto& x : net.layers)
    rounding += static_cast<double>(x.parameters_per_neuron());
  return std::max(0.0,
                  static_cast<double>(of.memory) / static_cast<double>(bytes)
                      - rounding);
}

/// Shares `total` in proportion to the speeds. Whoever that is too much for
/// gets what fits, and the others share the rest, until it fits everyone.
/// Returns nothing if it does not.
std::vector<double> fill(double total, const std::vector<double>& speeds,
                         const std::vector<double>& capacities) {
  std::vector<double> out(speeds.size());
  std::vector<bool> full(speeds.size());
  for (;;) {
    auto left = total;
    auto speed = 0.0;
    for (size_t i = 0; i < out.size(); ++i)
      (full[i] ? left : speed) += full[i] ? -capacities[i] : speeds[i];
    if (speed <= 0)
      return {};
    auto again = false;
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = full[i] ? capacities[i] : left * speeds[i] / speed;
      if (!full[i] && out[i] > capacities[i])
        again = full[i] = true;
    }
    if (!again)
      return out;
  }
}

} // namespace

result<distribution> percentages_of(const network& net,
                                    const distribution& how) {
  std::vector<double> speeds;
  std::vector<double> capacities;
  for (const auto& x : how.shares) {
    speeds.push_back(x.speed);
    capacities.push_back(capacity_of(net, x, how.bytes_per_parameter));
  }
  auto total = static_cast<double>(net.parameter_count());
  auto shares = fill(total, speeds, capacities);
  if (shares.empty())
    return fail(ec::invalid_partition,
                "{}: the network's {} parameters need {} bytes for training, "
                "but the parts have room for {}; add nodes or memory",
                to_string(how.where), format_count(net.parameter_count()),
                format_count(net.parameter_count() * how.bytes_per_parameter),
                format_count(static_cast<uint64_t>(std::accumulate(
                                 capacities.begin(), capacities.end(), 0.0))
                             * how.bytes_per_parameter));
  auto out = how;
  out.how = mechanism::percentage;
  for (size_t i = 0; i < shares.size(); ++i)
    out.shares[i].percentage = 100 * shares[i] / total;
  return out;
}

} // namespace nnactor
