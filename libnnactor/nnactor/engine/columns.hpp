#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <span>
#include <vector>

namespace nnactor {

// A group gathers its inputs as its upstream groups send them: their columns
// one group after the other. The canonical order is that of the layer's inputs
// and their neurons, whatever the partition. A dense group keeps its weights
// in gathered order, so that inputs never have to be rearranged.

/// Consecutive columns and where they lie in both orders.
struct column_run {
  uint64_t gathered = 0;
  uint64_t canonical = 0;
  uint64_t count = 0;
};

/// Every column of the inputs of `reader`, in gathered order. Producers of
/// labels are left out.
std::vector<column_run>
column_runs(const network& net, const group_graph& graph, const group& reader);

/// Finds canonical columns in gathered order.
class gathered_columns {
public:
  explicit gathered_columns(std::vector<column_run> runs);

  /// @pre `runs` covers the column
  uint64_t of(uint64_t canonical) const;

private:
  std::vector<column_run> runs_; ///< By ascending canonical column.
};

/// Reorders the columns of every row, on the host.
/// @pre both have the columns that `runs` cover
void to_canonical(const std::vector<column_run>& runs, matrix gathered,
                  mutable_matrix canonical);

/// The inverse of `to_canonical`.
void to_gathered(const std::vector<column_run>& runs, matrix canonical,
                 mutable_matrix gathered);

/// Concatenates columns; a single part is shared, not copied.
/// @pre all parts are f32 and have equally many rows
tensor concatenate(device& dev, const std::vector<tensor>& parts);

/// Copies `count` columns out.
tensor columns_of(device& dev, matrix from, uint64_t first, uint64_t count);

using column_spans = std::span<const column_span>;

/// Which end of spans is meant: the producer's columns or the consumer's.
using span_end = uint64_t column_span::*;

/// Copies the columns at one end of spans so that they lie one span after the
/// other, as they cross an edge.
void pack_columns(device& dev, matrix from, column_spans spans, span_end end,
                  mutable_matrix packed);

/// The inverse of `pack_columns`.
void place_columns(device& dev, matrix packed, column_spans spans, span_end end,
                   mutable_matrix into);

/// As `pack_columns`, into a tensor.
tensor packed_columns(device& dev, matrix from, column_spans spans,
                      span_end end);

/// Sums tensors of one shape, but for empty ones, in the order of a fixed tree:
/// the first 2^k of n, 2^k being below n, and the others, each by the same
/// rule. So any of these parts can be summed by itself beforehand without
/// changing a bit. A single one is shared, not copied.
tensor tree_sum(device& dev, std::vector<tensor> xs, const shape& extent);

/// Rounds values to those that bfloat16 has.
tensor rounded(device& dev, const tensor& x);

/// Concatenates columns of any dtype on the host; a single part is shared.
/// @pre all parts have the same dtype and equally many rows
tensor join_columns(const std::vector<tensor>& parts);

/// Returns what a tensor has of one time step, of any dtype: as many columns
/// as all others. Shared, not copied, where there is only one.
/// @pre the columns are a multiple of `time_steps`
tensor at_time(const tensor& all, uint32_t time, uint32_t time_steps);

/// Views an f32 tensor.
matrix view(const tensor& x);

/// Views an i32 tensor.
token_matrix view_tokens(const tensor& x);

mutable_matrix view(tensor_builder<float>& x);

} // namespace nnactor
