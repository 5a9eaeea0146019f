#include "nnactor/device/cpu/panels.hpp"

#include "nnactor/device/cpu/panel_kernels.hpp"
#include "nnactor/tensor/bytes.hpp"

#include <cpuid.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace nnactor {

namespace {

/// Whether oneDNN may use these instructions: one variable limits both, see
/// the README of this room.
bool is_allowed(dnnl::cpu_isa what) {
  auto wanted = static_cast<unsigned>(what);
  auto used = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  return (used & wanted) == wanted;
}

/// Whether bit `bit` of EDX (or else of EAX) is set in a leaf of CPUID.
bool cpuid_bit(unsigned leaf, unsigned subleaf, bool in_edx, unsigned bit) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx) != 0
         && ((in_edx ? edx : eax) >> bit & 1) != 0;
}

bool has_avx512_bf16() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
         && cpuid_bit(7, 1, false, 5);
}

// Linux gives tiles to processes that ask for them.
bool has_amx_bf16() {
  constexpr long request_permission = 0x1023; // ARCH_REQ_XCOMP_PERM
  constexpr long tile_data = 18;              // XFEATURE_XTILEDATA
  return cpuid_bit(7, 0, true, 22) && cpuid_bit(7, 0, true, 24)
         && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

std::vector<panel_kernel> find_kernels() {
  __builtin_cpu_init();
  std::vector<panel_kernel> out = {panel_kernel::plain};
  if (is_allowed(dnnl::cpu_isa::avx2) && __builtin_cpu_supports("fma"))
    out.push_back(panel_kernel::avx2);
  if (is_allowed(dnnl::cpu_isa::avx512_core_bf16) && has_avx512_bf16())
    out.push_back(panel_kernel::avx512);
  if (is_allowed(dnnl::cpu_isa::avx512_core_amx) && has_amx_bf16())
    out.push_back(panel_kernel::amx);
  return out;
}

} // namespace

const char* to_string(panel_kernel how) {
  switch (how) {
  case panel_kernel::plain:
    return "plain";
  case panel_kernel::avx2:
    return "avx2";
  case panel_kernel::avx512:
    return "avx512";
  case panel_kernel::amx:
    return "amx";
  }
  return "unknown";
}

const std::vector<panel_kernel>& panel_kernels() {
  static const auto all = find_kernels();
  return all;
}

const uint16_t* round_rows(panel_kernel how, matrix x,
                           uint64_t padded_columns) {
  auto round = how < panel_kernel::avx512 ? round_plain : round_avx512;
  thread_local byte_buffer all;
  auto bytes = x.rows * padded_columns * sizeof(uint16_t);
  if (all.size() < bytes)
    all = byte_buffer{bytes};
  auto* values = reinterpret_cast<uint16_t*>(all.data());
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto* to = values + r * padded_columns;
    round(x.row(r).data(), x.columns, to);
    std::fill(to + x.columns, to + padded_columns, uint16_t{0});
  }
  return values;
}

void pack_panels(matrix w, uint16_t* into) {
  auto of = panels{into, w.rows, w.columns};
  auto pairs = of.padded_columns() / 2;
  auto rows = round_rows(panel_kernels().back(), w, of.padded_columns());
  for (uint64_t p = 0; p < of.count(); ++p) {
    auto first = p * panel_units;
    auto units = std::min(panel_units, w.rows - first);
    auto* panel = into + p * of.panel_size();
    std::fill_n(panel, of.panel_size(), uint16_t{0});
    // A few pairs of all units at a time stay in the innermost cache.
    constexpr uint64_t block = 16;
    for (uint64_t c = 0; c < pairs; c += block)
      for (uint64_t u = 0; u < units; ++u) {
        const auto* from = rows + (first + u) * pairs * 2 + c * 2;
        auto* to = panel + (c * panel_units + u) * 2;
        for (uint64_t i = 0; i < std::min(block, pairs - c); ++i)
          std::copy_n(from + i * 2, 2, to + i * panel_units * 2);
      }
  }
}

void unpack_panels(const panels& w, uint16_t* rows) {
  for (uint64_t u = 0; u < w.units; ++u) {
    const auto* from =
        w.data + u / panel_units * w.panel_size() + u % panel_units * 2;
    for (uint64_t c = 0; c < w.columns; ++c)
      rows[u * w.columns + c] = from[c / 2 * panel_units * 2 + c % 2];
  }
}

std::span<const float> bias_or_zeros(std::span<const float> b, uint64_t units) {
  thread_local std::vector<float> zeros;
  if (!b.empty())
    return b;
  if (zeros.size() < units)
    zeros.resize(units);
  return {zeros.data(), units};
}

void multiply_panels(panel_kernel how, matrix x, const panels& w,
                     std::span<const float> b, mutable_matrix z) {
  b = bias_or_zeros(b, w.units);
  auto rows = panel_rows{round_rows(how, x, w.padded_columns()), x.rows};
  switch (how) {
  case panel_kernel::plain:
    return multiply_plain(rows, w, b, z);
  case panel_kernel::avx2:
    return multiply_avx2(rows, w, b, z);
  case panel_kernel::avx512:
    return multiply_avx512(rows, w, b, z);
  case panel_kernel::amx:
    return multiply_amx(rows, w, b, z);
  }
}

} // namespace nnactor
