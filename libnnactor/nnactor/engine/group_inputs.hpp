#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/error.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <span>
#include <string>
#include <vector>

namespace nnactor {

/// Which values dropout takes from a micro-batch; see `device::dropout`.
struct dropped_rows {
  uint64_t key = 0;
  uint64_t first = 0; ///< The micro-batch's first row among those of its step.
};

/// What a group reads, from producer to producer in the order of
/// `group::upstream`: checks it, brings it together, and cuts its gradient at
/// the same borders. It is put side by side as it comes or, where edges have
/// spans, where these lead; a stream adds up what meets there. Tensors that are
/// empty count as zeros: what is delayed and has not begun. Labels are no
/// matter of this.
class group_inputs {
public:
  group_inputs(const network& net, const group_graph& graph,
               const group& reader);

  /// Columns of all inputs together.
  uint64_t columns() const {
    return columns_;
  }

  /// Whether there are several to bring together, or one that does not come as
  /// it is read.
  bool gathers() const {
    return sources_.size() > 1 || !comes_whole_;
  }

  /// Rows of all inputs together for so many rows of the data: a reader of a
  /// stream gets the rows of its norm, too.
  uint64_t rows(uint64_t data_rows) const {
    return data_rows + (adds_ ? 0 : norm_rows_);
  }

  /// The inverse of `rows`.
  uint64_t data_rows(uint64_t rows) const {
    return rows - (adds_ ? 0 : norm_rows_);
  }

  /// Rows of the data that inputs are of.
  uint64_t data_rows(std::span<const tensor> inputs) const;

  /// See `group_program::check_inputs`.
  /// @param time Time step of the example.
  caf::error check(const std::string& reader, std::span<const tensor> inputs,
                   uint32_t time) const;

  /// Returns them together; one alone is shared, not copied.
  /// @param dropped Null where nothing is: outside of training.
  tensor gather(device& dev, std::span<const tensor> inputs,
                const dropped_rows* dropped = nullptr) const;

  /// Brings them together in [rows(data rows), columns()].
  /// @pre `gathers()`
  void gather(device& dev, std::span<const tensor> inputs,
              mutable_matrix into) const;

  /// Whether anybody wants a gradient of that time step.
  bool learn(uint32_t time) const;

  /// Cuts the gradient of all columns into one tensor a producer, empty for
  /// those that do not learn or, at this time step of the example, had not
  /// begun.
  /// @param dropped As when they were gathered.
  std::vector<tensor> cut(device& dev, const tensor& gradient, uint32_t time,
                          const dropped_rows& dropped) const;

private:
  struct source {
    dtype type;
    uint64_t columns;
    bool learns;
    std::string name;   ///< For errors: which input of which group this is.
    uint32_t delay;     ///< Time steps.
    uint64_t norm_rows; ///< That come after those of the data.
    shared_spans spans;
    bool drops; ///< What it gives is subject to dropout.

    bool takes(uint32_t time) const {
      return learns && time >= delay;
    }
  };

  /// Returns a tensor as a summand of all columns.
  tensor spread(device& dev, const source& from, const tensor& x, uint64_t rows,
                const dropped_rows* dropped) const;

  tensor sum(device& dev, const std::vector<tensor>& placed, shape extent,
             const dropped_rows* dropped) const;

  void drop(device& dev, const dropped_rows& which, mutable_matrix x) const;

  /// Returns the gradient of what came of a producer.
  tensor cut_out(device& dev, const source& from, matrix gradient) const;

  std::vector<source> sources_;
  uint64_t columns_ = 0;
  uint64_t norm_rows_ = 0;  ///< Of the streams that it reads, at most.
  bool adds_ = false;       ///< It is a stream.
  bool comes_whole_ = true; ///< The only one is read as it comes.
  float dropout_;
  std::vector<uint64_t> coordinates_; ///< Of a stream with dropout.
  uint64_t tokens_;                   ///< Number of tokens of the data.
};

} // namespace nnactor
