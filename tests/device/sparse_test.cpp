#include "device/kernels.hpp"

using namespace nnactor;

namespace {

/// A sparse matrix and the same with all its zeros.
struct sparse_values {
  sparse_values(uint64_t rows, uint64_t columns, uint64_t degree, uint64_t seed)
      : packed(values::random(rows, degree, seed)), full(rows, columns) {
    counter_random random{seed, 1};
    for (uint64_t u = 0; u < rows; ++u) {
      std::vector<uint32_t> all(columns);
      for (uint32_t c = 0; c < columns; ++c)
        all[c] = c;
      std::ranges::sort(
          all, {}, [&](uint32_t c) { return random.bits(u * columns + c); });
      all.resize(degree);
      std::ranges::sort(all);
      for (uint64_t k = 0; k < degree; ++k)
        full.data[u * columns + all[k]] = packed.data[u * degree + k];
      where.insert(where.end(), all.begin(), all.end());
    }
  }

  pattern_ptr on(device& dev) const {
    return dev.prepare(where, full.rows, full.columns);
  }

  values packed;
  values full;
  std::vector<uint32_t> where;
};

struct extent {
  uint64_t rows, units, columns, degree;
};

constexpr std::array<extent, 5> extents{{{1, 1, 1, 1},
                                         {1, 40, 30, 7},
                                         {16, 33, 50, 5},
                                         {37, 20, 90, 90},
                                         {64, 100, 17, 3}}};

/// Calls `check` with every device and size, and a matrix for them.
template <class Check>
void with_all(Check check) {
  for (auto& device : all_devices())
    for (auto& of : extents) {
      CAPTURE(device->name());
      CAPTURE(of.rows);
      CAPTURE(of.degree);
      check(*device, of, sparse_values{of.units, of.columns, of.degree, 3});
    }
}

} // namespace

TEST_CASE("a sparse layer computes what a dense one with zeros does") {
  with_all([](device& dev, const extent& of, const sparse_values& w) {
    auto x = values::random(of.rows, of.columns, 1);
    auto b = values::random(1, of.units, 2);
    values z{of.rows, of.units}, expected{of.rows, of.units};
    dev.sparse_affine(x.in(), {w.packed.in(), *w.on(dev)}, b.data, z.out());
    dev.affine(x.in(), w.full.in(), b.data, expected.out());
    CHECK(largest_difference(z, expected) < 1e-5f);
  });
}

TEST_CASE("so do its gradients") {
  with_all([](device& dev, const extent& of, const sparse_values& w) {
    auto x = values::random(of.rows, of.columns, 1);
    auto dz = values::random(of.rows, of.units, 4);
    values dx{of.rows, of.columns, 7}, expected_dx{of.rows, of.columns};
    dev.sparse_input_gradient(dz.in(), {w.packed.in(), *w.on(dev)}, dx.out());
    dev.affine_input_gradient(dz.in(), w.full.in(), expected_dx.out());
    CHECK(largest_difference(dx, expected_dx) < 1e-5f);
    values dw{of.units, of.degree, 1}, db{1, of.units, 1};
    values full_dw{of.units, of.columns, 1}, expected_db{1, of.units, 1};
    dev.sparse_weight_gradient(dz.in(), x.in(), *w.on(dev), dw.out(), db.data);
    dev.affine_weight_gradient(dz.in(), x.in(), full_dw.out(),
                               expected_db.data);
    values expected_dw{of.units, of.degree};
    for (uint64_t u = 0; u < of.units; ++u)
      for (uint64_t k = 0; k < of.degree; ++k)
        expected_dw.data[u * of.degree + k] =
            full_dw.data[u * of.columns + w.where[u * of.degree + k]];
    CHECK(largest_difference(dw, expected_dw) < 2e-5f);
    CHECK(largest_difference(db, expected_db) < 2e-5f);
  });
}

TEST_CASE("what is not a number reaches the neurons that read it") {
  for (auto& device : all_devices()) {
    CAPTURE(device->name());
    sparse_values w{8, 12, 4, 5};
    auto x = values::random(3, 12, 1);
    x.data[12 + w.where[0]] = std::numeric_limits<float>::quiet_NaN();
    values b{1, 8}, z{3, 8};
    device->sparse_affine(x.in(), {w.packed.in(), *w.on(*device)}, b.data,
                          z.out());
    CHECK(std::isnan(z.data[8]));
    CHECK_FALSE(std::isnan(z.data[0]));
  }
}
