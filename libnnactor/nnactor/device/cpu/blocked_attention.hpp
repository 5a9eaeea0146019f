#pragma once

#include "nnactor/device/cpu/huge_arena.hpp"
#include "nnactor/device/device.hpp"

namespace nnactor {

/// Attention by products of small matrices: those queries of a head that stand
/// side by side with all keys that any of them sees. How a sequence is cut into
/// such blocks depends on nothing outside of it. For one thread.
class blocked_attention {
public:
  /// @param from Where it takes memory from, and which outlives it.
  explicit blocked_attention(huge_arena& from) : arena_(from) {
  }

  /// See `device::attend`.
  void attend(const device::attention_heads& how, matrix q, matrix k, matrix v,
              mutable_matrix y, mutable_matrix sums);

  /// See `device::attend_gradient`.
  void attend_gradient(const device::attention_heads& how,
                       const device::attended& at, matrix dy, mutable_matrix dq,
                       mutable_matrix dk, mutable_matrix dv);

private:
  /// Returns memory for what is in work, the same for every call.
  float* workspace(size_t values);

  huge_arena& arena_;
  std::shared_ptr<std::byte> memory_;
  size_t bytes_ = 0; ///< Of it.
};

} // namespace nnactor
