#include "device/kernels.hpp"

#include "nnactor/device/cpu/huge_arena.hpp"
#include "nnactor/device/cpu/panels.hpp"
#include "nnactor/tensor/bfloat16.hpp"

#include <cstdlib>

using namespace nnactor;

namespace {

struct packed_panels {
  explicit packed_panels(const values& w)
      : of{nullptr, w.rows, w.columns}, memory(of.bytes()) {
    of.data = reinterpret_cast<uint16_t*>(memory.bytes().data());
    pack_panels(w.in(), reinterpret_cast<uint16_t*>(memory.bytes().data()));
  }

  panels of;
  huge_buffer memory;
};

void run_packed(device& dev, const values& x, const values& w, const values& b,
                const values& dz, values& z, values& dx, values& dw,
                values& db) {
  auto packed = dev.pack(w.in(), nullptr);
  dev.packed_affine(x.in(), *packed, b.data, z.out());
  dev.packed_input_gradient(dz.in(), *packed, dx.out());
  dev.bfloat16_weight_gradient(dz.in(), x.in(), dw.out(), db.data);
}

} // namespace

TEST_CASE("panels hold every weight rounded, two columns of a unit together") {
  auto w = values::random(100, 37, 1);
  packed_panels packed{w};
  CHECK(packed.of.count() == 2);
  CHECK(packed.of.padded_columns() == 64);
  std::vector<uint16_t> rows(100 * 37);
  unpack_panels(packed.of, rows.data());
  for (size_t i = 0; i < rows.size(); ++i) {
    auto bits = std::bit_cast<uint32_t>(round_to_bfloat16(w.data[i]));
    REQUIRE(rows[i] == bits >> 16);
  }
  // Unit 65 is the second of the second panel, column 3 the second of a pair.
  auto at = packed.of.panel_size() + (1 * 64 + 1) * 2 + 1;
  CHECK(packed.of.data[at] == rows[65 * 37 + 3]);
  // Padding is zero.
  CHECK(packed.of.data[packed.of.panel_size() - 1] == 0);
}

TEST_CASE("products use no instructions that oneDNN may not") {
  auto most = panel_kernel::amx;
  if (auto* limit = std::getenv("ONEDNN_MAX_CPU_ISA"))
    most = std::string{limit} == "AVX2" ? panel_kernel::avx2
                                        : panel_kernel::avx512;
  CHECK(panel_kernels().back() <= most);
}

TEST_CASE("every kernel of panels agrees with the sum in double precision") {
  for (auto how : panel_kernels()) {
    CAPTURE(to_string(how));
    CHECK(rc::check([how] {
      auto of = *any_shape();
      auto x = values::random(of.rows, of.columns, 1);
      auto w = values::random(of.units, of.columns, 2);
      auto b = values::random(1, of.units, 3);
      values expected{of.rows, of.units}, found{of.rows, of.units};
      auto reference = make_reference_device();
      reference->packed_affine(x.in(), *reference->pack(w.in(), nullptr),
                               b.data, expected.out());
      packed_panels packed{w};
      multiply_panels(how, x.in(), packed.of, b.data, found.out());
      RC_ASSERT(largest_difference(found, expected) < 2e-5f);
    }));
  }
}

TEST_CASE("rounding rows is the rounding of tensors, NaN and infinity too") {
  auto x = values::random(1, 77, 1);
  x.data[3] = not_a_number;
  x.data[4] = infinite;
  x.data[5] = std::numeric_limits<float>::max();
  x.data[40] = std::bit_cast<float>(0x7f800001u);
  for (auto how : panel_kernels()) {
    CAPTURE(to_string(how));
    const auto* rounded = round_rows(how, x.in(), 96);
    for (size_t i = 0; i < x.data.size(); ++i)
      REQUIRE(rounded[i]
              == std::bit_cast<uint32_t>(round_to_bfloat16(x.data[i])) >> 16);
    CHECK(rounded[77] == 0);
    CHECK(rounded[95] == 0);
  }
}

TEST_CASE("the cpu device agrees with the reference in bfloat16") {
  check_agreement<layer_results<run_packed>>(2e-5f);
}

TEST_CASE("products in bfloat16 are close to those in float32") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    auto x = values::random(16, 256, 1);
    auto w = values::random(128, 256, 2);
    std::vector<float> b(128);
    values exact{16, 128}, rounded{16, 128};
    dev->affine(x.in(), w.in(), b, exact.out());
    dev->packed_affine(x.in(), *dev->pack(w.in(), nullptr), b, rounded.out());
    // Sums of 256 products of up to 1, each off by up to 2^-8.
    CHECK(largest_difference(exact, rounded) < 0.25f);
    CHECK(largest_difference(exact, rounded) > 0);
  }
}

TEST_CASE("packing again replaces the weights, gradients follow") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    auto w = values::random(70, 40, 1);
    auto other = values::random(70, 40, 2);
    auto dz = values::random(9, 70, 3);
    values first{9, 40}, second{9, 40}, fresh{9, 40};
    auto packed = dev->pack(w.in(), nullptr);
    dev->packed_input_gradient(dz.in(), *packed, first.out());
    packed = dev->pack(other.in(), packed);
    dev->packed_input_gradient(dz.in(), *packed, second.out());
    dev->packed_input_gradient(dz.in(), *dev->pack(other.in(), nullptr),
                               fresh.out());
    CHECK(same_bits(second.data, fresh.data));
    CHECK(largest_difference(first, second) > 0);
  }
}

TEST_CASE("products in bfloat16 let NaN and infinity through") {
  for (auto& dev : all_devices())
    for (auto bad : {not_a_number, infinite})
      for (uint64_t rows : {1, 3, 12, 40}) {
        CAPTURE(dev->name());
        auto w = values::random(64, 32, 1);
        auto packed = dev->pack(w.in(), nullptr);
        std::vector<float> b(64);
        auto x = values::random(rows, 32, 2);
        x.data.back() = bad;
        values z{rows, 64};
        dev->packed_affine(x.in(), *packed, b, z.out());
        CHECK_FALSE(std::isfinite(z.data.back()));
      }
}

TEST_CASE("what an arena hands out lies in one huge page while it fits") {
  huge_arena arena;
  auto first = arena.take(1000);
  auto second = arena.take(512 << 10);
  auto third = arena.take(2 << 20);
  auto line = [](const std::shared_ptr<std::byte>& x) {
    return reinterpret_cast<uintptr_t>(x.get()) % 64;
  };
  CHECK(second.get() == first.get() + 1024);
  CHECK(line(first) + line(second) + line(third) == 0);
  CHECK(third.get() != second.get() + (512 << 10));
  // Still there after the arena has moved on.
  first.get()[999] = std::byte{1};
  CHECK(first.get()[999] == std::byte{1});
}
