#include "nnactor/device/cpu/vector_activation.hpp"

#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/vector_formulas.hpp"

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

namespace {

NNACTOR_VECTORS
void silu_values(const float* z, float* y, size_t count) {
  for (size_t i = 0; i < count; ++i)
    y[i] = vector_silu(z[i]).value;
}

NNACTOR_VECTORS
void silu_slopes(const float* z, const float* dy, float* dz, size_t count) {
  for (size_t i = 0; i < count; ++i)
    dz[i] = vector_silu(z[i]).slope * dy[i];
}

// Matrices do not overlap; a compiler that does not know checks each pair of
// them before a loop, or gives up.

template <class F>
NNACTOR_INLINE void open_gates(const float* __restrict gate,
                               const float* __restrict up, float* __restrict y,
                               size_t count, F act) {
  for (size_t i = 0; i < count; ++i)
    y[i] = act(gate[i]).value * up[i];
}

NNACTOR_VECTORS
void open_silu_gates(const float* gate, const float* up, float* y,
                     size_t count) {
  open_gates(gate, up, y, count, [](float z) { return vector_silu(z); });
}

NNACTOR_VECTORS
void open_gelu_gates(const float* gate, const float* up, float* y,
                     size_t count) {
  open_gates(gate, up, y, count, [](float z) { return vector_gelu(z); });
}

template <class F>
NNACTOR_INLINE void
gate_slopes(const float* __restrict gate, const float* __restrict up,
            const float* __restrict dy, float* __restrict dgate,
            float* __restrict dup, size_t count, F act) {
  for (size_t i = 0; i < count; ++i) {
    auto at = act(gate[i]);
    dgate[i] = at.slope * (dy[i] * up[i]);
    dup[i] = dy[i] * at.value;
  }
}

NNACTOR_VECTORS
void silu_gate_slopes(const float* gate, const float* up, const float* dy,
                      float* dgate, float* dup, size_t count) {
  gate_slopes(gate, up, dy, dgate, dup, count,
              [](float z) { return vector_silu(z); });
}

NNACTOR_VECTORS
void gelu_gate_slopes(const float* gate, const float* up, const float* dy,
                      float* dgate, float* dup, size_t count) {
  gate_slopes(gate, up, dy, dgate, dup, count,
              [](float z) { return vector_gelu(z); });
}

} // namespace

void vector_silu(matrix z, mutable_matrix y) {
  silu_values(z.data, y.data, z.values().size());
}

void vector_silu_gradient(matrix z, matrix dy, mutable_matrix dz) {
  silu_slopes(z.data, dy.data, dz.data, z.values().size());
}

void vector_gate(activation act, matrix gate, matrix up, mutable_matrix y) {
  auto open = act == activation::silu ? open_silu_gates : open_gelu_gates;
  open(gate.data, up.data, y.data, gate.values().size());
}

void vector_gate_gradient(activation act, matrix gate, matrix up, matrix dy,
                          mutable_matrix dgate, mutable_matrix dup) {
  auto slopes = act == activation::silu ? silu_gate_slopes : gelu_gate_slopes;
  slopes(gate.data, up.data, dy.data, dgate.data, dup.data,
         gate.values().size());
}

} // namespace nnactor
