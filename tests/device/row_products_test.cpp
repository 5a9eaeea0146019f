#include "device/kernels.hpp"

#include "nnactor/device/cpu/row_products.hpp"

using namespace nnactor;

namespace {

// On both sides of vectors, of registers full of them, and of blocks.
constexpr uint64_t all_columns[] = {1, 15, 17, 576, 1000};
constexpr uint64_t all_units[] = {1, 3, 49};
constexpr uint64_t all_rows = 64;

/// Rows of inputs and of outputs of a dense layer, and its weights.
struct dense_layer {
  dense_layer(uint64_t columns, uint64_t units)
      : x(values::random(all_rows, columns, 1)),
        z(values::random(all_rows, units, 2)),
        w(values::random(units, columns, 3)), b(values::random(1, units, 4)) {
  }

  values x, z, w, b;
};

/// What both products give for some rows.
struct row_results {
  row_results(device& dev, const dense_layer& of, matrix x, matrix z)
      : affine(x.rows, of.w.rows, not_a_number),
        product(x.rows, of.w.columns, not_a_number) {
    dev.affine_by_row(x, of.w.in(), of.b.data, affine.out());
    dev.product_by_row(z, of.w.in(), product.out());
  }

  row_results(device& dev, const dense_layer& of, uint64_t first,
              uint64_t count)
      : row_results(dev, of, rows_of(of.x, first, count),
                    rows_of(of.z, first, count)) {
  }

  values affine, product;
};

/// Whether `part` is what `whole` has from row `first` on.
bool is_part(const values& part, const values& whole, uint64_t first) {
  return same_bits(part.data, rows_of(whole, first, part.rows).values());
}

bool is_part(const row_results& part, const row_results& whole,
             uint64_t first) {
  return is_part(part.affine, whole.affine, first)
         && is_part(part.product, whole.product, first);
}

/// What one instruction set gives for all rows.
row_results by_instructions(panel_kernel how, const dense_layer& of,
                            const row_results& start) {
  auto out = start;
  std::ranges::fill(out.affine.data, not_a_number);
  std::ranges::fill(out.product.data, not_a_number);
  auto by = row_products_of(how);
  auto spaced = [](const values& x) {
    return spaced_rows<const float>{x.data.data(), x.columns};
  };
  by.multiply({.x = spaced(of.x),
               .w = spaced(of.w),
               .b = of.b.data.data(),
               .z = {out.affine.data.data(), out.affine.columns},
               .m = all_rows,
               .n = of.w.rows,
               .k = of.w.columns});
  by.add_up({.z = spaced(of.z),
             .w = spaced(of.w),
             .x = {out.product.data.data(), out.product.columns},
             .m = all_rows,
             .n = of.w.columns,
             .k = of.w.rows});
  return out;
}

template <class F>
void each_layer(F f) {
  for (auto columns : all_columns)
    for (auto units : all_units) {
      CAPTURE(columns);
      CAPTURE(units);
      f(dense_layer{columns, units});
    }
}

} // namespace

TEST_CASE("products by row are what their formulas say") {
  auto reference = make_reference_device();
  auto devices = all_devices();
  each_layer([&](const dense_layer& of) {
    values z{all_rows, of.w.rows}, x{all_rows, of.w.columns};
    reference->affine(of.x.in(), of.w.in(), of.b.data, z.out());
    reference->affine_input_gradient(of.z.in(), of.w.in(), x.out());
    for (auto& dev : devices) {
      CAPTURE(dev->name());
      row_results found{*dev, of, 0, all_rows};
      CHECK(largest_difference(found.affine, widened(z)) < 2e-5);
      CHECK(largest_difference(found.product, widened(x)) < 2e-5);
      values without{all_rows, of.w.rows};
      dev->affine_by_row(of.x.in(), of.w.in(), {}, without.out());
      for (uint64_t r = 0; r < all_rows; ++r)
        for (uint64_t u = 0; u < of.w.rows; ++u)
          without.out().row(r)[u] += of.b.data[u];
      CHECK(largest_difference(without, widened(z)) < 2e-5);
    }
  });
}

TEST_CASE("a row gives the same bits in products of any number of rows") {
  auto devices = all_devices();
  each_layer([&](const dense_layer& of) {
    for (auto& dev : devices) {
      CAPTURE(dev->name());
      row_results whole{*dev, of, 0, all_rows};
      for (uint64_t block : {1, 2, 3, 7})
        for (uint64_t first = 0; first < all_rows; first += block) {
          auto count = std::min(block, all_rows - first);
          CHECK(is_part({*dev, of, first, count}, whole, first));
        }
      auto order = shuffled(all_rows, 5);
      auto x = picked(of.x, order), z = picked(of.z, order);
      row_results mixed{*dev, of, x.in(), z.in()};
      CHECK(same_bits(mixed.affine.data, picked(whole.affine, order).data));
      CHECK(same_bits(mixed.product.data, picked(whole.product, order).data));
    }
  });
}

TEST_CASE("a row gives the same bits among hundreds, and with large layers") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    dense_layer of{1100, 300};
    of.x = values::random(300, 1100, 6);
    of.z = values::random(300, 300, 7);
    row_results whole{*dev, of, 0, 300};
    for (uint64_t first : {0, 1, 99, 254, 299})
      CHECK(is_part({*dev, of, first, 1}, whole, first));
    CHECK(is_part({*dev, of, 40, 130}, whole, 40));
  }
}

TEST_CASE("products by row give the same bits wherever matrices lie") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    dense_layer of{77, 49};
    row_results expected{*dev, of, 0, 5};
    for (size_t shift = 1; shift < 16; shift += 3) {
      std::vector<float> moved(shift);
      moved.insert(moved.end(), of.w.data.begin(), of.w.data.end());
      matrix w{moved.data() + shift, of.w.rows, of.w.columns};
      values affine{5, 49}, product{5, 77};
      dev->affine_by_row(rows_of(of.x, 0, 5), w, of.b.data, affine.out());
      dev->product_by_row(rows_of(of.z, 0, 5), w, product.out());
      CHECK(same_bits(affine.data, expected.affine.data));
      CHECK(same_bits(product.data, expected.product.data));
    }
  }
}

TEST_CASE("each instruction set multiplies by row, AVX2 as AVX-512 does") {
  auto reference = make_reference_device();
  each_layer([&](const dense_layer& of) {
    row_results expected{*reference, of, 0, all_rows};
    std::vector<row_results> found;
    for (auto how : panel_kernels()) {
      CAPTURE(to_string(how));
      found.push_back(by_instructions(how, of, expected));
      auto& last = found.back();
      CHECK(largest_difference(last.affine, expected.affine) < 2e-5f);
      CHECK(largest_difference(last.product, expected.product) < 2e-5f);
      if (how > panel_kernel::avx2)
        CHECK(is_part(last, found[1], 0));
    }
  });
}

TEST_CASE(
    "NaN and infinity reach what is computed of their row, nothing else") {
  for (auto& dev : all_devices())
    for (auto bad : {not_a_number, infinite})
      for (uint64_t columns : {17, 48}) {
        CAPTURE(dev->name());
        dense_layer of{columns, 19};
        of.x.out().row(3)[columns - 1] = bad;
        of.z.out().row(3)[18] = bad;
        row_results found{*dev, of, 0, all_rows};
        for (uint64_t r = 0; r < all_rows; ++r) {
          auto is_finite = [](float x) { return std::isfinite(x); };
          auto affine = found.affine.in().row(r);
          auto product = found.product.in().row(r);
          CHECK(std::ranges::count_if(affine, is_finite)
                == (r == 3 ? 0 : static_cast<long>(affine.size())));
          CHECK(std::ranges::count_if(product, is_finite)
                == (r == 3 ? 0 : static_cast<long>(product.size())));
        }
      }
}
