#pragma once

#include "nnactor/device/device.hpp"

namespace nnactor {

/// A matrix that is at home in the host's memory and goes to that of a device
/// to be worked on, where it stays until the host or another device asks for
/// it. On a CPU it is always at home.
class resident {
public:
  /// Of zeros.
  explicit resident(shape extent);

  const shape& extent() const {
    return home_.extent();
  }

  /// For the host, whatever changed elsewhere. Not while a block of a device is
  /// under way that changes it.
  mutable_matrix host();

  /// For the kernels of a device.
  mutable_matrix on(device& dev);

private:
  tensor_builder<float> home_;
  byte_buffer away_; ///< Where the values are, empty if at home.
};

} // namespace nnactor
