#pragma once

#include "nnactor/device/device.hpp"

namespace nnactor {

/// Attention by products of small matrices: those queries of a head that stand
/// side by side with all keys that any of them sees. How a sequence is cut into
/// such blocks depends on nothing outside of it. For one thread.
class blocked_attention {
public:
  /// See `device::attend`.
  void attend(const device::attention_heads& how, matrix q, matrix k, matrix v,
              mutable_matrix y, mutable_matrix sums);

  /// See `device::attend_gradient`.
  void attend_gradient(const device::attention_heads& how,
                       const device::attended& at, matrix dy, mutable_matrix dq,
                       mutable_matrix dk, mutable_matrix dv);

private:
  byte_buffer memory_; ///< Of what is in work, and reused.
};

} // namespace nnactor
