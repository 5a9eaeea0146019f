#include "device/kernels.hpp"

using namespace nnactor;

namespace {

uint64_t any_count(int first, int last) {
  return static_cast<uint64_t>(*rc::gen::inRange(first, last));
}

token_matrix as_column(const std::vector<int32_t>& x) {
  return {x.data(), x.size(), 1};
}

/// Logits that are far from each other.
values logits(uint64_t rows, uint64_t columns, uint64_t seed) {
  auto z = values::random(rows, columns, seed);
  for (auto& x : z.data)
    x *= 10;
  return z;
}

/// In [0, columns), or -1 now and then.
std::vector<int32_t> some_labels(uint64_t rows, uint64_t columns) {
  std::vector<int32_t> out;
  for (uint64_t r = 0; r < rows; ++r)
    out.push_back(r % 3 == 1 ? -1 : static_cast<int32_t>(r * 7 % columns));
  return out;
}

/// Of each row what a gradient divides by.
values norms_of(const values& summary) {
  values out{summary.rows, 2};
  for (uint64_t r = 0; r < summary.rows; ++r) {
    out.out().row(r)[0] = summary.in().row(r)[0];
    out.out().row(r)[1] = 1.0f / summary.in().row(r)[1];
  }
  return out;
}

/// A matrix of some of the columns, and its labels.
struct part {
  part(const values& all, const std::vector<int32_t>& all_labels,
       uint64_t first, uint64_t count)
      : first(first), z(all.rows, count), summary(all.rows, 4),
        dz(all.rows, count) {
    for (uint64_t r = 0; r < all.rows; ++r) {
      auto from = all.in().row(r).subspan(first, count);
      std::ranges::copy(from, z.out().row(r).begin());
      auto label = all_labels[r] - static_cast<int32_t>(first);
      labels.push_back(label < static_cast<int32_t>(count) ? label : -1);
    }
    for (auto& label : labels)
      label = std::max(label, -1);
  }

  uint64_t first;
  values z;
  std::vector<int32_t> labels;
  values summary, dz;
};

std::vector<part> cut(const values& z, const std::vector<int32_t>& labels) {
  std::vector<part> out;
  for (uint64_t first = 0; first < z.columns;) {
    auto left = static_cast<int>(z.columns - first);
    auto count = any_count(1, left + 1);
    out.emplace_back(z, labels, first, count);
    first += count;
  }
  return out;
}

/// What the summaries of all parts tell together.
struct joined {
  explicit joined(const std::vector<part>& parts)
      : norm(parts.front().z.rows, 2) {
    for (uint64_t r = 0; r < norm.rows; ++r)
      add_row(parts, r);
  }

  void add_row(const std::vector<part>& parts, uint64_t r) {
    auto max = -infinite;
    auto value = 0.0f;
    auto hit = false;
    for (const auto& x : parts) {
      auto s = x.summary.in().row(r);
      if (s[0] > max)
        hit = s[3] == 1.0f;
      max = std::max(max, s[0]);
      value += s[2];
    }
    auto sum = 0.0;
    for (const auto& x : parts) {
      auto s = x.summary.in().row(r);
      sum +=
          static_cast<double>(s[1]) * std::exp(static_cast<double>(s[0] - max));
    }
    loss += std::log(sum) - static_cast<double>(value - max);
    correct += hit ? 1.0 : 0.0;
    norm.out().row(r)[0] = max;
    norm.out().row(r)[1] = static_cast<float>(1.0 / sum);
  }

  double loss = 0;
  double correct = 0;
  values norm;
};

float any_special() {
  return *rc::gen::element(-1.0f, -0.0f, 0.0f, 1.0f, infinite, -infinite,
                           not_a_number, -not_a_number);
}

} // namespace

TEST_CASE("a summary of softmax is its formula") {
  for (auto& dev : all_devices())
    for (uint64_t columns : {1, 7, 16, 65, 257, 1000, 5003}) {
      CAPTURE(dev->name());
      CAPTURE(columns);
      auto z = logits(5, columns, columns);
      auto labels = some_labels(5, columns);
      values s{5, 4, not_a_number};
      dev->softmax_summary(z.in(), as_column(labels), s.out());
      for (uint64_t r = 0; r < 5; ++r) {
        auto row = z.in().row(r);
        auto best = std::ranges::max_element(row);
        auto sum = 0.0;
        for (auto x : row)
          sum += std::exp(static_cast<double>(x) - static_cast<double>(*best));
        auto found = s.in().row(r);
        auto here = labels[r] >= 0;
        auto label = static_cast<size_t>(labels[r]);
        CHECK(found[0] == *best);
        CHECK(std::abs(static_cast<double>(found[1]) / sum - 1) < 1e-6);
        CHECK(found[2] == (here ? row[label] : 0.0f));
        CHECK((found[3] == 1.0f) == (best - row.begin() == labels[r]));
      }
    }
}

TEST_CASE("a gradient by the norms of rows is its formula") {
  for (auto& dev : all_devices())
    for (uint64_t columns : {1, 7, 16, 65, 257, 5003}) {
      CAPTURE(dev->name());
      CAPTURE(columns);
      auto z = logits(5, columns, columns);
      auto labels = some_labels(5, columns);
      values norm{5, 2}, dz{5, columns, not_a_number};
      for (uint64_t r = 0; r < 5; ++r) {
        // Of columns elsewhere, too, whose largest value is larger.
        norm.out().row(r)[0] = std::ranges::max(z.in().row(r)) + 1;
        norm.out().row(r)[1] = 0.3f;
      }
      dev->softmax_gradient(z.in(), as_column(labels), norm.in(), 0.5f,
                            dz.out());
      wide_values expected;
      for (uint64_t r = 0; r < 5; ++r)
        for (uint64_t c = 0; c < columns; ++c) {
          auto by = norm.in().row(r);
          auto x = static_cast<double>(z.in().row(r)[c]);
          auto e = std::exp(x - static_cast<double>(by[0]))
                   * static_cast<double>(by[1]);
          auto hit = labels[r] == static_cast<int32_t>(c);
          expected.push_back((e - (hit ? 1.0 : 0.0)) * 0.5);
        }
      CHECK(largest_difference(dz, expected) < 1e-6);
    }
}

TEST_CASE("summaries of parts tell what softmax of the whole would") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    auto rows = any_count(1, 9);
    auto z = logits(rows, any_count(1, 300), any_count(0, 1000));
    std::vector<int32_t> labels;
    for (uint64_t r = 0; r < rows; ++r)
      labels.push_back(*rc::gen::inRange(0, static_cast<int>(z.columns)));
    auto parts = cut(z, labels);
    for (auto& dev : devices) {
      values dz{rows, z.columns};
      auto loss = dev->softmax_cross_entropy(z.in(), as_column(labels), 0.25f,
                                             dz.out());
      for (auto& x : parts)
        dev->softmax_summary(x.z.in(), as_column(x.labels), x.summary.out());
      joined found{parts};
      RC_ASSERT(std::abs(found.loss - loss) < 1e-6 * std::max(1.0, loss));
      RC_ASSERT(found.correct == dev->count_correct(z.in(), as_column(labels)));
      for (auto& x : parts) {
        dev->softmax_gradient(x.z.in(), as_column(x.labels), found.norm.in(),
                              0.25f, x.dz.out());
        for (uint64_t r = 0; r < rows; ++r)
          for (uint64_t c = 0; c < x.z.columns; ++c)
            RC_ASSERT(
                std::abs(x.dz.in().row(r)[c] - dz.in().row(r)[x.first + c])
                < 1e-6f);
      }
    }
  }));
}

TEST_CASE("a row's summary and gradient do not depend on other rows") {
  for (auto& dev : all_devices())
    for (uint64_t columns : {1, 15, 17, 65, 255, 513, 3001}) {
      CAPTURE(dev->name());
      CAPTURE(columns);
      auto z = logits(9, columns, 3);
      auto labels = some_labels(9, columns);
      values s{9, 4}, dz{9, columns};
      dev->softmax_summary(z.in(), as_column(labels), s.out());
      auto norm = norms_of(s);
      dev->softmax_gradient(z.in(), as_column(labels), norm.in(), 0.1f,
                            dz.out());
      for (uint64_t r = 0; r < 9; ++r) {
        matrix row{z.in().row(r).data(), 1, columns};
        token_matrix label{&labels[r], 1, 1};
        values own{1, 4}, own_dz{1, columns};
        dev->softmax_summary(row, label, own.out());
        dev->softmax_gradient(row, label, {norm.in().row(r).data(), 1, 2}, 0.1f,
                              own_dz.out());
        CHECK(same_bits(own.data, s.in().row(r)));
        CHECK(same_bits(own_dz.data, dz.in().row(r)));
      }
    }
}

TEST_CASE("of equal values the first is the largest, and NaN never later") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    values z{1, any_count(1, 40)};
    for (auto& x : z.data)
      x = any_special();
    std::vector<int32_t> label{
        *rc::gen::inRange(0, static_cast<int>(z.columns))};
    auto best = std::ranges::max_element(z.data) - z.data.begin();
    auto expected = best == label.front() ? 1.0f : 0.0f;
    for (auto& dev : devices) {
      values s{1, 4};
      dev->softmax_summary(z.in(), as_column(label), s.out());
      RC_ASSERT(s.data[3] == expected);
      RC_ASSERT(dev->count_correct(z.in(), as_column(label))
                == static_cast<double>(expected));
    }
  }));
}

TEST_CASE("a NaN or infinity anywhere makes the sum of exponentials NaN") {
  for (auto& dev : all_devices())
    for (auto special : {not_a_number, -not_a_number, infinite})
      for (size_t at = 0; at < 40; ++at) {
        CAPTURE(dev->name());
        CAPTURE(at);
        auto z = values::random(2, 20, 1);
        z.data[at] = special;
        std::vector<int32_t> labels = {-1, 19};
        values s{2, 4}, dz{2, 20};
        dev->softmax_summary(z.in(), as_column(labels), s.out());
        CHECK(std::isnan(s.in().row(at / 20)[1]));
        CHECK(std::isfinite(s.in().row(1 - at / 20)[1]));
        auto norm = norms_of(s);
        dev->softmax_gradient(z.in(), as_column(labels), norm.in(), 1.0f,
                              dz.out());
        CHECK(std::isnan(dz.data[at]));
        CHECK(std::ranges::all_of(dz.in().row(1 - at / 20),
                                  [](float x) { return std::isfinite(x); }));
      }
}

TEST_CASE("logits of any size have a finite summary") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    values z{3, 3}, s{3, 4};
    z.data = {1000, 0, -1000, -3e38f, -3e38f, -3e38f, 2, -infinite, 2};
    std::vector<int32_t> labels = {1, 2, 0};
    dev->softmax_summary(z.in(), as_column(labels), s.out());
    CHECK(
        s.data
        == std::vector<float>{1000, 1, 0, 0, -3e38f, 3, -3e38f, 0, 2, 2, 2, 1});
  }
}
