#include "device/kernels.hpp"

using namespace nnactor;

namespace {

void run_affine(device& dev, const values& x, const values& w, const values& b,
                const values& dz, values& z, values& dx, values& dw,
                values& db) {
  dev.affine(x.in(), w.in(), b.data, z.out());
  dev.affine_input_gradient(dz.in(), w.in(), dx.out());
  dev.affine_weight_gradient(dz.in(), x.in(), dw.out(), db.data);
}

using affine_results = layer_results<run_affine>;

} // namespace

TEST_CASE("a dense layer is x times the transposed weights, plus the bias") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    values x{2, 3};
    x.data = {1, 2, 3, 4, 5, 6};
    values w{2, 3};
    w.data = {1, 0, -1, 2, 1, 0};
    std::vector<float> b = {10, 20};
    values z{2, 2};
    dev->affine(x.in(), w.in(), b, z.out());
    CHECK(z.data == std::vector<float>{8, 24, 8, 33});
    values dx{2, 3};
    dev->affine_input_gradient(z.in(), w.in(), dx.out());
    CHECK(dx.data == std::vector<float>{56, 24, -8, 74, 33, -8});
    values dw{2, 3, 1};
    std::vector<float> db = {1, 1};
    dev->affine_weight_gradient(z.in(), x.in(), dw.out(), db);
    CHECK(dw.data == std::vector<float>{41, 57, 73, 157, 214, 271});
    CHECK(db == std::vector<float>{17, 58});
  }
}

TEST_CASE("the cpu device agrees with the reference for any shape") {
  check_agreement<affine_results>(1e-5f);
}

TEST_CASE("a dense layer gives the same bits each time, on each cpu device") {
  auto shapes = {layer_shape{1, 384, 256}, layer_shape{128, 384, 95},
                 layer_shape{37, 63, 129}};
  for (auto of : shapes) {
    auto first = make_cpu_device();
    auto second = make_cpu_device();
    affine_results expected{*first, of};
    for (auto* dev : {first.get(), second.get(), first.get()}) {
      affine_results found{*dev, of};
      CHECK(same_bits(found.z.data, expected.z.data));
      CHECK(same_bits(found.dx.data, expected.dx.data));
      CHECK(same_bits(found.dw.data, expected.dw.data));
      CHECK(same_bits(found.db.data, expected.db.data));
    }
  }
}

TEST_CASE("where matrices lie in memory does not change a bit") {
  auto cpu = make_cpu_device();
  for (auto of : {layer_shape{128, 96, 100}, layer_shape{1, 96, 100}}) {
    auto x = values::random(of.rows, of.columns, 1);
    auto w = values::random(of.units, of.columns, 2);
    std::vector<float> b(of.units, 0.5f);
    values expected{of.rows, of.units};
    cpu->affine(x.in(), w.in(), b, expected.out());
    for (size_t shift = 0; shift < 16; ++shift) {
      std::vector<float> moved(x.data.size() + shift);
      std::ranges::copy(x.data, moved.begin() + static_cast<long>(shift));
      values found{of.rows, of.units};
      cpu->affine({moved.data() + shift, of.rows, of.columns}, w.in(), b,
                  found.out());
      CHECK(same_bits(found.data, expected.data));
    }
  }
}

TEST_CASE("NaN and infinity reach the output of a dense layer") {
  for (auto& dev : all_devices())
    for (auto bad : {not_a_number, infinite}) {
      CAPTURE(dev->name());
      auto x = values::random(5, 7, 1);
      x.data[2 * 7 + 3] = bad;
      auto w = values::random(4, 7, 2);
      values z{5, 4};
      dev->affine(x.in(), w.in(), std::vector<float>(4), z.out());
      for (uint64_t r = 0; r < 5; ++r)
        for (auto value : z.in().row(r))
          CHECK(std::isfinite(value) == (r != 2));
    }
}
