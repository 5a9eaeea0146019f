#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/neuron/neuron_set.hpp"
#include "nnactor/origin.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// How the Neuron Distributor decides which neurons a part gets
/// (arXiv 2506.01387, section on distribution mechanisms).
enum class mechanism : uint8_t {
  even,         ///< Equal percentages, from the begin.
  percentage,   ///< A share of the neurons in per cent.
  count,        ///< A number of neurons.
  ids,          ///< Listed neurons and ranges.
  layers,       ///< Whole layers by name.
  types,        ///< Whole layers by kind or label.
  capacity,     ///< Every layer in proportion to the speeds of the nodes.
  connectivity, ///< With few connections between parts.
  layerwise,    ///< The plan of that name for the nodes, see planner.hpp.
  megatron,     ///< Likewise.
  automatic,    ///< The fastest of all plans.
};

/// Where `percentage` and `count` take neurons from: the sorted list of the
/// neurons that no earlier part took.
enum class pick : uint8_t { begin, end, random };

const char* to_string(mechanism how);
const char* to_string(pick from);

/// Reads the name that `to_string` gives, nothing for any other word.
std::optional<mechanism> mechanism_from(std::string_view name);
std::optional<pick> pick_from(std::string_view name);

/// All names that `mechanism_from` and `pick_from` know.
std::vector<std::string> mechanism_names();
std::vector<std::string> pick_names();

/// What one part gets; only the member that the mechanism names is used.
struct share {
  double percentage = 0;
  uint64_t count = 0;
  std::vector<neuron_interval> ids; ///< As written: any order, unmerged.
  std::vector<std::string> layers;
  pick from = pick::begin;
  origin where;
  std::vector<std::string> types = {};
  double speed = 0;    ///< In any unit, the same for all shares.
  uint64_t memory = 0; ///< In bytes, for parameters; 0: no limit.
};

/// What a user writes of the distribution of neurons; see configs/README.md.
struct distribution {
  mechanism how = mechanism::even;
  bool per_layer = false; ///< Apply the shares to every layer by itself.
  uint64_t seed = 1;      ///< Of `pick::random` and `mechanism::connectivity`.
  uint64_t parts = 0;     ///< Of `even` and `connectivity`.
  std::vector<share> shares;
  origin where;
  /// Of `mechanism::capacity`: bytes that a parameter takes with its gradient,
  /// the state of its optimizer and the copy of both that is saved.
  uint64_t bytes_per_parameter = 28;

  /// Whether it is a plan for the nodes.
  bool is_planned() const {
    return how == mechanism::layerwise || how == mechanism::megatron
           || how == mechanism::automatic;
  }

  /// Whether it depends on what the nodes say of themselves when asked.
  bool waits_for_nodes() const {
    return is_planned() || (how == mechanism::capacity && shares.empty());
  }
};

/// The split of all neurons into parts, fixed for the life of a model. Every
/// neuron is in exactly one part.
struct partition {
  std::vector<neuron_set> parts;
};

/// Computes the parts. Fails with `ec::invalid_partition`, naming the place
/// and what is missing, doubled or out of range.
result<partition> distribute(const network& net, const distribution& how);

} // namespace nnactor
