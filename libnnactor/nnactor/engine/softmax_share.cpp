#include "nnactor/engine/softmax_share.hpp"

#include "nnactor/engine/columns.hpp"
#include "nnactor/engine/slots.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <cmath>

namespace nnactor {

tensor softmax_share::slots_of(const tensor& labels) const {
  return nnactor::slots_of(neurons_, first_, labels);
}

tensor softmax_share::summary(device& dev, const tensor& z,
                              const tensor& slots) const {
  auto out = make<float>(dev, {z.extent().rows, edge::summary_columns});
  dev.softmax_summary(view(z), view_tokens(slots), view(out));
  return std::move(out).share();
}

tensor softmax_share::gradient(device& dev, const tensor& z,
                               const tensor& slots, const tensor& norm) const {
  auto out = make<float>(dev, z.extent());
  dev.softmax_gradient(view(z), view_tokens(slots), view(norm), scale_,
                       view(out));
  return std::move(out).share();
}

namespace {

/// The softmax of one row, of which one group after the other tells.
class row_total {
public:
  /// @param told See `device::softmax_summary`.
  void add(std::span<const float> told) {
    double largest = told[0];
    auto grows = !(largest <= largest_);
    if (grows) {
      // Not 0 times what nothing has been added to.
      sum_ = sum_ == 0 ? 0 : sum_ * std::exp(largest_ - largest);
      largest_ = largest;
    }
    sum_ += told[1] * std::exp(largest - largest_);
    label_ += told[2];
    hits_ = told[3] != 0 ? grows : hits_ && !grows;
  }

  double loss() const {
    return std::log(sum_) + largest_ - label_;
  }

  bool hits() const {
    return hits_;
  }

  void put_norm(std::span<float> into) const {
    into[0] = static_cast<float>(largest_);
    into[1] = static_cast<float>(1 / sum_);
  }

private:
  double largest_ = -HUGE_VAL;
  double sum_ = 0;
  double label_ = 0;
  bool hits_ = false; ///< The label has the largest so far.
};

} // namespace

softmax_total total_of(const std::vector<tensor>& summaries) {
  auto rows = summaries.front().extent().rows;
  tensor_builder<float> norm{{rows, edge::norm_columns}};
  softmax_total out;
  for (uint64_t r = 0; r < rows; ++r) {
    row_total row;
    for (const auto& x : summaries)
      row.add(view(x).row(r));
    out.value.loss_sum += row.loss();
    out.value.correct += row.hits() ? 1 : 0;
    row.put_norm(view(norm).row(r));
  }
  out.norm = std::move(norm).share();
  return out;
}

} // namespace nnactor
