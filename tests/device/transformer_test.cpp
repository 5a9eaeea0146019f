#include "device/kernels.hpp"

using namespace nnactor;

namespace {

/// @param last Not among them.
uint64_t any_count(int first, int last) {
  return static_cast<uint64_t>(*rc::gen::inRange(first, last));
}

activation any_activation() {
  return *rc::gen::elementOf(
      std::vector(all_activations.begin(), all_activations.end()));
}

/// x + y, in double precision.
wide_values sum_of(const values& x, wide_values y) {
  for (size_t i = 0; i < y.size(); ++i)
    y[i] += static_cast<double>(x.data[i]);
  return y;
}

// -- gates --------------------------------------------------------------------

struct gate_case {
  gate_case(activation act, uint64_t rows, uint64_t columns)
      : act(act), gate(values::random(rows, columns, 1)),
        up(values::random(rows, columns, 2)),
        dy(values::random(rows, columns, 3)) {
    for (auto& x : gate.data)
      x *= 5; // Both ends of activations, too.
  }

  wide_values formula(const wide_values& gates, const wide_values& ups) const {
    wide_values out;
    for (size_t i = 0; i < gates.size(); ++i)
      out.push_back(exact_activation(act, gates[i]) * ups[i]);
    return out;
  }

  activation act;
  values gate, up, dy;
};

struct gate_results {
  gate_results(device& dev, const gate_case& x)
      : y(x.up.rows, x.up.columns), dgate(y), dup(y) {
    dev.gate(x.act, x.gate.in(), x.up.in(), y.out());
    dev.gate_gradient(x.act, x.gate.in(), x.up.in(), x.dy.in(), dgate.out(),
                      dup.out());
  }

  values y, dgate, dup;
};

// -- norms --------------------------------------------------------------------

struct norm_case {
  static norm_case any() {
    norm_case out;
    out.how.kind = *rc::gen::element(norm_kind::rms, norm_kind::layer);
    out.how.epsilon = *rc::gen::element(1e-5, 1e-2);
    out.repeat = any_count(1, 4);
    auto k = any_count(1, 4);
    auto columns = any_count(1, 40);
    out.fill(any_count(1, 14), k, columns);
    return out;
  }

  void fill(uint64_t rows, uint64_t k, uint64_t columns) {
    x = values::random(rows, columns, 1);
    gain = values::random(k, columns, 2);
    if (how.kind == norm_kind::layer)
      shift = values::random(k, columns, 3);
    dy = values::random(rows, columns, 4);
  }

  wide_values formula(const wide_values& x, const wide_values& gain,
                      const wide_values& shift) const {
    auto columns = dy.columns;
    auto size = static_cast<double>(columns);
    wide_values y(x.size());
    for (uint64_t r = 0; r < dy.rows; ++r) {
      auto k = r / repeat % this->gain.rows;
      auto mean = 0.0, square = 0.0;
      if (how.kind == norm_kind::layer)
        for (uint64_t c = 0; c < columns; ++c)
          mean += x[r * columns + c] / size;
      for (uint64_t c = 0; c < columns; ++c)
        square += std::pow(x[r * columns + c] - mean, 2) / size;
      for (uint64_t c = 0; c < columns; ++c)
        y[r * columns + c] = (x[r * columns + c] - mean)
                                 / std::sqrt(square + how.epsilon)
                                 * gain[k * columns + c]
                             + (shift.empty() ? 0.0 : shift[k * columns + c]);
    }
    return y;
  }

  device::norm_rows rows() const {
    return {gain.in(), shift.in(), repeat};
  }

  norm_settings how;
  uint64_t repeat = 1;
  values x{0, 0}, gain{0, 0}, shift{0, 0}, dy{0, 0};
};

struct norm_results {
  norm_results(device& dev, const norm_case& of)
      : y(of.x.rows, of.x.columns), dx(y),
        dgain(values::random(of.gain.rows, of.gain.columns, 5)),
        dshift(values::random(of.shift.rows, of.shift.columns, 6)) {
    dev.normalise(of.how, of.x.in(), of.rows(), y.out());
    dev.normalise_gradient(of.how, of.x.in(), of.rows(), of.dy.in(), dx.out(),
                           {dgain.out(), dshift.out()});
  }

  values y, dx, dgain, dshift;
};

// -- tables -------------------------------------------------------------------

std::vector<int32_t> any_slots(uint64_t rows, uint64_t slots) {
  return *rc::gen::container<std::vector<int32_t>>(
      rows, rc::gen::inRange(-1, static_cast<int32_t>(slots)));
}

token_matrix as_column(const std::vector<int32_t>& slots) {
  return {slots.data(), slots.size(), 1};
}

} // namespace

TEST_CASE("a gate lets through what its activation says") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    gate_case x{any_activation(), any_count(1, 9), any_count(1, 40)};
    auto gate = widened(x.gate), up = widened(x.up), dy = widened(x.dy);
    auto expected = x.formula(gate, up);
    auto dgate = differences(
        gate, dy, [&](const wide_values& at) { return x.formula(at, up); });
    auto dup = differences(
        up, dy, [&](const wide_values& at) { return x.formula(gate, at); });
    for (auto& dev : devices) {
      gate_results found{*dev, x};
      RC_ASSERT(largest_difference(found.y, expected) < 1e-5);
      RC_ASSERT(largest_difference(found.dgate, dgate) < 1e-5);
      RC_ASSERT(largest_difference(found.dup, dup) < 1e-5);
    }
  }));
}

TEST_CASE("a norm is its formula, and so are its gradients") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    auto of = norm_case::any();
    auto x = widened(of.x), gain = widened(of.gain), shift = widened(of.shift);
    auto dy = widened(of.dy);
    auto y = of.formula(x, gain, shift);
    auto dx = differences(x, dy, [&](const wide_values& at) {
      return of.formula(at, gain, shift);
    });
    auto dgain = differences(gain, dy, [&](const wide_values& at) {
      return of.formula(x, at, shift);
    });
    auto dshift = differences(shift, dy, [&](const wide_values& at) {
      return of.formula(x, gain, at);
    });
    dgain = sum_of(values::random(of.gain.rows, of.gain.columns, 5), dgain);
    dshift = sum_of(values::random(of.shift.rows, of.shift.columns, 6), dshift);
    // Rows that are nearly equal values have steep slopes.
    auto steepest = 1.0;
    for (auto slope : dx)
      steepest = std::max(steepest, std::abs(slope));
    for (auto& dev : devices) {
      norm_results found{*dev, of};
      RC_ASSERT(largest_difference(found.y, y) < 2e-5);
      RC_ASSERT(largest_difference(found.dx, dx) < 2e-5 * steepest);
      RC_ASSERT(largest_difference(found.dgain, dgain) < 3e-5);
      RC_ASSERT(largest_difference(found.dshift, dshift) < 3e-5);
    }
  }));
}

TEST_CASE("a row is normalised alike whatever is beside it") {
  for (auto& dev : all_devices())
    for (auto kind : {norm_kind::rms, norm_kind::layer}) {
      CAPTURE(dev->name());
      norm_case all;
      all.how.kind = kind;
      all.fill(9, 1, 67);
      norm_results together{*dev, all};
      for (uint64_t r = 0; r < all.x.rows; ++r) {
        values y{1, 67}, dx{1, 67};
        auto dgain = all.gain, dshift = all.shift;
        matrix row{all.x.in().row(r).data(), 1, 67};
        matrix dy{all.dy.in().row(r).data(), 1, 67};
        dev->normalise(all.how, row, all.rows(), y.out());
        dev->normalise_gradient(all.how, row, all.rows(), dy, dx.out(),
                                {dgain.out(), dshift.out()});
        CHECK(same_bits(y.data, together.y.in().row(r)));
        CHECK(same_bits(dx.data, together.dx.in().row(r)));
      }
    }
}

TEST_CASE("NaN and infinity reach what a norm and a gate give") {
  for (auto& dev : all_devices())
    for (auto bad : {not_a_number, infinite}) {
      CAPTURE(dev->name());
      norm_case of;
      of.how.kind = norm_kind::rms;
      of.fill(3, 1, 20);
      of.x.data[27] = bad;
      norm_results found{*dev, of};
      CHECK(std::isnan(found.y.data[27]));
      CHECK(std::isnan(found.dx.data[27]));
      CHECK(std::isfinite(found.y.data[7]));
      gate_case gate{activation::silu, 3, 20};
      gate.up.data[27] = bad;
      CHECK(!std::isfinite(gate_results{*dev, gate}.y.data[27]));
    }
}

TEST_CASE("rotary positions turn pairs of values by their angles") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    device::rotation how{.head_size = 2 * any_count(1, 20),
                         .context = static_cast<uint32_t>(any_count(1, 9)),
                         .base = *rc::gen::element(10000.0, 100.0),
                         .scale = *rc::gen::element(1.0, 4.0)};
    auto heads = any_count(1, 4);
    auto x = values::random(any_count(1, 30), heads * how.head_size, 1);
    auto half = how.head_size / 2;
    wide_values expected(x.data.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      auto j = i % how.head_size % half;
      auto is_first = i % how.head_size < half;
      auto position = static_cast<double>(i / x.columns % how.context);
      auto angle = position / how.scale
                   * std::pow(how.base, -2.0 * static_cast<double>(j)
                                            / static_cast<double>(2 * half));
      auto own = static_cast<double>(x.data[i]);
      auto other =
          static_cast<double>(is_first ? x.data[i + half] : x.data[i - half]);
      expected[i] =
          own * std::cos(angle) + (is_first ? -other : other) * std::sin(angle);
    }
    for (auto& dev : devices) {
      auto found = x;
      how.back = false;
      dev->rotate(how, found.out());
      RC_ASSERT(largest_difference(found, expected) < 1e-6);
      how.back = true;
      dev->rotate(how, found.out());
      RC_ASSERT(largest_difference(found, x) < 1e-6f);
    }
  }));
}

TEST_CASE("rows are looked up by their slots, and a negative one has zeros") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    auto table = values::random(any_count(1, 20), any_count(1, 300), 1);
    auto rows = any_count(1, 300);
    auto slots = any_slots(rows, table.rows);
    auto dy = values::random(rows, table.columns, 2);
    values expected{rows, table.columns};
    auto sums = values::random(table.rows, table.columns, 3);
    auto start = sums;
    for (uint64_t r = 0; r < rows; ++r)
      for (uint64_t c = 0; slots[r] >= 0 && c < table.columns; ++c) {
        auto slot = static_cast<uint64_t>(slots[r]);
        expected.out().row(r)[c] = table.in().row(slot)[c];
        // Row after row, so even the rounding is known.
        sums.out().row(slot)[c] += dy.in().row(r)[c];
      }
    for (auto& dev : devices) {
      values y{rows, table.columns, not_a_number};
      dev->look_up(as_column(slots), table.in(), y.out());
      RC_ASSERT(same_bits(y.data, expected.data));
      auto dtable = start;
      dev->look_up_gradient(as_column(slots), dy.in(), dtable.out());
      RC_ASSERT(same_bits(dtable.data, sums.data));
    }
  }));
}

TEST_CASE("dropout is the same however rows and columns are cut") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    auto x = values::random(any_count(1, 20), any_count(1, 40), 1);
    auto key = *rc::gen::arbitrary<uint64_t>();
    auto first = any_count(0, 1000);
    auto share = *rc::gen::element(0.0f, 0.1f, 0.5f);
    std::vector<uint64_t> columns(x.columns);
    for (uint64_t c = 0; c < x.columns; ++c)
      columns[c] = 7 * c;
    auto expected = x;
    for (uint64_t r = 0; r < x.rows; ++r)
      for (uint64_t c = 0; c < x.columns; ++c) {
        auto& value = expected.out().row(r)[c];
        auto gone = counter_random{key, columns[c]}.uniform(first + r) < share;
        value = gone ? 0.0f : value / (1.0f - share);
      }
    auto cut = any_count(0, static_cast<int>(x.rows) + 1);
    for (auto& dev : devices) {
      auto whole = x, parts = x;
      dev->drop({share, key, first, columns}, whole.out());
      RC_ASSERT(same_bits(whole.data, expected.data));
      auto* data = parts.data.data();
      dev->drop({share, key, first, columns}, {data, cut, x.columns});
      dev->drop({share, key, first + cut, columns},
                {data + cut * x.columns, x.rows - cut, x.columns});
      RC_ASSERT(same_bits(parts.data, expected.data));
    }
  }));
}

TEST_CASE("dropout takes its share and keeps the mean") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    values x{200, 50, 1.0f};
    std::vector<uint64_t> columns(50);
    for (uint64_t c = 0; c < 50; ++c)
      columns[c] = c;
    dev->drop({0.3f, 42, 0, columns}, x.out());
    auto gone = static_cast<double>(std::ranges::count(x.data, 0.0f));
    CHECK(gone / 10000 == doctest::Approx(0.3).epsilon(0.05));
    CHECK(std::ranges::all_of(x.data, [](float value) {
      return value == 0.0f || value == 1.0f / 0.7f;
    }));
  }
}

TEST_CASE("a layer without biases adds none and wants no gradient of them") {
  for (auto& dev : all_devices())
    for (auto of : {layer_shape{1, 37, 70}, layer_shape{12, 64, 128},
                    layer_shape{40, 30, 50}}) {
      CAPTURE(dev->name());
      CAPTURE(of.rows);
      auto x = values::random(of.rows, of.columns, 1);
      auto w = values::random(of.units, of.columns, 2);
      auto dz = values::random(of.rows, of.units, 4);
      values zeros{1, of.units}, db{1, of.units};
      auto check = [&](auto forward, auto backward) {
        values z{of.rows, of.units, 3}, expected{of.rows, of.units, 5};
        forward(std::span<const float>{}, z.out());
        forward(std::span<const float>{zeros.data}, expected.out());
        CHECK(largest_difference(z, expected) < 1e-5f);
        values dw{of.units, of.columns}, expected_dw{of.units, of.columns};
        backward(dw.out(), std::span<float>{});
        backward(expected_dw.out(), std::span<float>{db.data});
        CHECK(same_bits(dw.data, expected_dw.data));
      };
      check([&](auto b, auto z) { dev->affine(x.in(), w.in(), b, z); },
            [&](auto dw, auto none) {
              dev->affine_weight_gradient(dz.in(), x.in(), dw, none);
            });
      auto packed = dev->pack(w.in(), nullptr);
      check([&](auto b, auto z) { dev->packed_affine(x.in(), *packed, b, z); },
            [&](auto dw, auto none) {
              dev->bfloat16_weight_gradient(dz.in(), x.in(), dw, none);
            });
      std::vector<uint32_t> columns;
      for (uint64_t u = 0; u < of.units; ++u)
        for (uint32_t c = 0; c < of.columns; ++c)
          columns.push_back(c);
      auto pattern = dev->prepare(columns, of.units, of.columns);
      check(
          [&](auto b, auto z) {
            dev->sparse_affine(x.in(), {w.in(), *pattern}, b, z);
          },
          [&](auto dw, auto none) {
            dev->sparse_weight_gradient(dz.in(), x.in(), *pattern, dw, none);
          });
    }
}

TEST_CASE("kernels of transformers give the same bits each time") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    gate_case gate{activation::silu, 13, 37};
    gate_results first{*dev, gate}, second{*dev, gate};
    CHECK(same_bits(first.y.data, second.y.data));
    CHECK(same_bits(first.dgate.data, second.dgate.data));
    CHECK(same_bits(first.dup.data, second.dup.data));
    norm_case norm;
    norm.how.kind = norm_kind::layer;
    norm.repeat = 2;
    norm.fill(40, 3, 70);
    norm_results one{*dev, norm}, two{*dev, norm};
    CHECK(same_bits(one.y.data, two.y.data));
    CHECK(same_bits(one.dx.data, two.dx.data));
    CHECK(same_bits(one.dgain.data, two.dgain.data));
    CHECK(same_bits(one.dshift.data, two.dshift.data));
  }
}
