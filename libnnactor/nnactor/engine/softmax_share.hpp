#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/loss_value.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <vector>

namespace nnactor {

// The softmax cross-entropy over a vocabulary whose logits stay in the groups
// that compute them: each tells a summary of its own, of which the loss makes
// loss and norm, by which each finds its gradient.

/// What one group does of it.
class softmax_share {
public:
  /// @param scale Of the gradient.
  softmax_share(const layer& vocabulary, const neuron_set& neurons, float scale)
      : first_(vocabulary.first), neurons_(neurons), scale_(scale) {
  }

  /// Returns which of the group's neurons labels i32[r,1] are, -1 for those of
  /// others; both are on the host.
  tensor slots_of(const tensor& labels) const;

  /// See `device::softmax_summary`.
  tensor summary(device& dev, const tensor& z, const tensor& slots) const;

  /// See `device::softmax_gradient`.
  tensor gradient(device& dev, const tensor& z, const tensor& slots,
                  const tensor& norm) const;

private:
  neuron_id first_; ///< Of the layer.
  neuron_set neurons_;
  float scale_;
};

/// What the loss makes of the summaries of all groups, in their order. All is
/// on the host, where there is little to compute.
struct softmax_total {
  /// A row is correct if the group of its label has the largest value, the
  /// first group of equal ones.
  loss_value value;
  tensor norm; ///< f32[r,2]
};

/// @pre `summaries` are f32[r,4], at least one
softmax_total total_of(const std::vector<tensor>& summaries);

} // namespace nnactor
