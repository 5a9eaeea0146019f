#pragma once

#include <cstddef>

namespace nnactor {

// Blocks of quantized values as float32, after their layouts in ggml
// (github.com/ggml-org/ggml, "src/ggml-common.h"). Each reads one block; how
// many bytes and values that is says the table in `block_type.cpp`. `d` and `m`
// are 16-bit floats, q are whole numbers of as many bits as the name says.

void read_f32(const std::byte* from, float* into);
void read_f16(const std::byte* from, float* into);
void read_bf16(const std::byte* from, float* into);

/// d (q - 8): the first half of the values are low nibbles, the second high.
void read_q4_0(const std::byte* from, float* into);
/// d q + m, in the order of Q4_0.
void read_q4_1(const std::byte* from, float* into);
/// d (q - 16), as Q4_0 with fifth bits in 32 bits of their own.
void read_q5_0(const std::byte* from, float* into);
/// d q + m, in the order of Q5_0.
void read_q5_1(const std::byte* from, float* into);
/// d q.
void read_q8_0(const std::byte* from, float* into);

/// (d s) q - (dmin m): s and m of 6 bits for each 32 of 256 values.
void read_q4_k(const std::byte* from, float* into);
/// As Q4_K, with fifth bits in 32 bytes of their own.
void read_q5_k(const std::byte* from, float* into);
/// d s (q - 32): s of 8 bits for each 16 of 256 values.
void read_q6_k(const std::byte* from, float* into);

} // namespace nnactor
