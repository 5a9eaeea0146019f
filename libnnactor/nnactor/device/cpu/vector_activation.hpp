#pragma once

#include "nnactor/device/matrix.hpp"
#include "nnactor/network/activation.hpp"

namespace nnactor {

// Activations and gates in vectors, value by value and in one pass over the
// memory. The same bits on every processor.

void vector_silu(matrix z, mutable_matrix y);
void vector_silu_gradient(matrix z, matrix dy, mutable_matrix dz);

/// See `device::gate`.
/// @pre `act` is gelu or silu, here and below
void vector_gate(activation act, matrix gate, matrix up, mutable_matrix y);
void vector_gate_gradient(activation act, matrix gate, matrix up, matrix dy,
                          mutable_matrix dgate, mutable_matrix dup);

} // namespace nnactor
