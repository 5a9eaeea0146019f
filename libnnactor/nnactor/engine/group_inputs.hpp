#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/error.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// What a group reads, from producer to producer in the order of
/// `group::upstream`: checks it, puts it side by side, and cuts its gradient at
/// the same borders. Tensors that are empty count as zeros: what is delayed and
/// has not begun.
class group_inputs {
public:
  group_inputs(const network& net, const group_graph& graph,
               const group& reader);

  /// Columns of all inputs side by side.
  uint64_t columns() const {
    return columns_;
  }

  /// Whether there are several to put side by side.
  bool gathers() const {
    return sources_.size() > 1;
  }

  /// See `group_program::check_inputs`.
  /// @param time Time step of the example.
  caf::error check(const std::string& reader, const std::vector<tensor>& inputs,
                   uint32_t time) const;

  /// Returns them side by side; one alone is shared, not copied.
  tensor gather(device& dev, const std::vector<tensor>& inputs) const;

  /// Puts them side by side into [rows, columns()].
  /// @pre `gathers()`
  void gather(device& dev, const std::vector<tensor>& inputs,
              mutable_matrix into) const;

  /// Whether anybody wants a gradient of that time step.
  bool learn(uint32_t time) const;

  /// Cuts the gradient of all columns into one tensor a producer, empty for
  /// those that do not learn or, at this time step of the example, had not
  /// begun.
  std::vector<tensor> cut(device& dev, const tensor& gradient,
                          uint32_t time) const;

private:
  struct source {
    dtype type;
    uint64_t columns;
    bool learns;
    std::string name; ///< For errors: which input of which group this is.
    uint32_t delay;   ///< Time steps.

    bool takes(uint32_t time) const {
      return learns && time >= delay;
    }
  };

  std::vector<source> sources_;
  uint64_t columns_ = 0;
  uint64_t tokens_; ///< Number of tokens of the data.
};

} // namespace nnactor
