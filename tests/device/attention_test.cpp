#include "device/kernels.hpp"

using namespace nnactor;

namespace {

using heads = device::attention_heads;

uint64_t any_count(int first, int last) {
  return static_cast<uint64_t>(*rc::gen::inRange(first, last));
}

heads any_heads(int most_size, int most_context) {
  auto context = any_count(1, most_context + 1);
  return {.heads = any_count(1, 4),
          .queries = any_count(1, 4),
          .size = any_count(1, most_size + 1),
          .context = static_cast<uint32_t>(context),
          .causal = *rc::gen::arbitrary<bool>(),
          .window = *rc::gen::element<uint64_t>(0, 1, 3, context)};
}

/// Whether position `i` sees `j`, of the same sequence.
bool sees(const heads& how, uint64_t i, uint64_t j) {
  auto distance = i > j ? i - j : j - i;
  return !(how.causal && j > i) && (how.window == 0 || distance < how.window);
}

struct attention_case {
  attention_case(const heads& how, uint64_t rows)
      : how(how),
        q(values::random(rows, how.heads * how.queries * how.size, 1)),
        k(values::random(rows, how.heads * how.size, 2)),
        v(values::random(rows, how.heads * how.size, 3)),
        dy(values::random(rows, how.heads * how.queries * how.size, 4)) {
    for (auto& x : q.data)
      x *= 3; // Not all shares alike.
  }

  /// Sequences from `first` on.
  attention_case part(uint64_t first, uint64_t count) const {
    attention_case out{how, count * how.context};
    auto cut = [&](const values& from, values& to) {
      std::copy_n(from.in().row(first * how.context).data(), to.data.size(),
                  to.data.begin());
    };
    cut(q, out.q);
    cut(k, out.k);
    cut(v, out.v);
    cut(dy, out.dy);
    return out;
  }

  uint64_t rows() const {
    return q.rows;
  }

  heads how;
  values q, k, v, dy;
};

struct attention_results {
  attention_results(device& dev, const attention_case& of)
      : y(of.rows(), of.q.columns), dq(y), dk(of.rows(), of.k.columns), dv(dk),
        sums(of.rows(), of.how.heads * of.how.queries) {
    dev.attend(of.how, of.q.in(), of.k.in(), of.v.in(), y.out(), sums.out());
    dev.attend_gradient(of.how,
                        {of.q.in(), of.k.in(), of.v.in(), y.in(), sums.in()},
                        of.dy.in(), dq.out(), dk.out(), dv.out());
  }

  values y, dq, dk, dv, sums;
};

bool same_bits(const attention_results& x, const attention_results& y) {
  return nnactor::same_bits(x.y.data, y.y.data)
         && nnactor::same_bits(x.sums.data, y.sums.data)
         && nnactor::same_bits(x.dq.data, y.dq.data)
         && nnactor::same_bits(x.dk.data, y.dk.data)
         && nnactor::same_bits(x.dv.data, y.dv.data);
}

/// Straight from the formula: for every query all positions of its sequence.
struct attention_formula {
  attention_formula(const attention_case& of, const wide_values& q,
                    const wide_values& k, const wide_values& v)
      : y(q.size()) {
    const auto& how = of.how;
    auto asking = how.heads * how.queries;
    for (uint64_t r = 0; r < of.rows(); ++r)
      for (uint64_t head = 0; head < asking; ++head) {
        auto first = r / how.context * how.context;
        auto last = std::min<uint64_t>(first + how.context, of.rows());
        auto at = [&](const wide_values& x, uint64_t row, uint64_t c) {
          return x[(row * how.heads + head / how.queries) * how.size + c];
        };
        auto sum = 0.0;
        wide_values shares(last - first);
        for (auto s = first; s < last; ++s) {
          auto product = 0.0;
          for (uint64_t c = 0; c < how.size; ++c)
            product += q[(r * asking + head) * how.size + c] * at(k, s, c);
          if (sees(how, r - first, s - first))
            shares[s - first] =
                std::exp(product / std::sqrt(static_cast<double>(how.size)));
          sum += shares[s - first];
        }
        sums.push_back(std::log(sum));
        for (auto s = first; s < last; ++s)
          for (uint64_t c = 0; c < how.size; ++c)
            y[(r * asking + head) * how.size + c] +=
                shares[s - first] / sum * at(v, s, c);
      }
  }

  wide_values y, sums;
};

/// One that all kernels cut into several blocks.
heads some_heads(bool causal, uint64_t window = 0) {
  return {.heads = 2,
          .queries = 2,
          .size = 8,
          .context = 150,
          .causal = causal,
          .window = window};
}

} // namespace

TEST_CASE("attention is its formula, and so are its gradients") {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    auto how = any_heads(5, 6);
    // The last sequence need not be whole.
    attention_case of{how, any_count(1, 14)};
    auto q = widened(of.q), k = widened(of.k), v = widened(of.v);
    auto dy = widened(of.dy);
    attention_formula expected{of, q, k, v};
    auto dq = differences(q, dy, [&](const wide_values& x) {
      return attention_formula{of, x, k, v}.y;
    });
    auto dk = differences(k, dy, [&](const wide_values& x) {
      return attention_formula{of, q, x, v}.y;
    });
    auto dv = differences(v, dy, [&](const wide_values& x) {
      return attention_formula{of, q, k, x}.y;
    });
    for (auto& dev : devices) {
      attention_results found{*dev, of};
      RC_ASSERT(largest_difference(found.y, expected.y) < 1e-5);
      RC_ASSERT(largest_difference(found.sums, expected.sums) < 1e-5);
      RC_ASSERT(largest_difference(found.dq, dq) < 2e-5);
      RC_ASSERT(largest_difference(found.dk, dk) < 2e-5);
      RC_ASSERT(largest_difference(found.dv, dv) < 2e-5);
    }
  }));
}

TEST_CASE("long sequences and large heads are attended to as short ones are") {
  auto devices = all_devices();
  auto reference = make_reference_device();
  for (auto& how :
       {some_heads(true), some_heads(false), some_heads(true, 40),
        some_heads(false, 7),
        heads{.heads = 1, .queries = 1, .size = 300, .context = 20},
        heads{.heads = 3, .queries = 1, .size = 32, .context = 128},
        heads{.heads = 1, .queries = 2, .size = 4, .context = 700}}) {
    CAPTURE(how.size);
    CAPTURE(how.window);
    attention_case of{how, how.context + how.context / 2};
    attention_results expected{*reference, of};
    attention_formula formula{of, widened(of.q), widened(of.k), widened(of.v)};
    CHECK(largest_difference(expected.y, formula.y) < 1e-6);
    for (auto& dev : devices) {
      CAPTURE(dev->name());
      attention_results found{*dev, of};
      CHECK(largest_difference(found.y, expected.y) < 1e-5f);
      CHECK(largest_difference(found.sums, expected.sums) < 1e-5f);
      CHECK(largest_difference(found.dq, expected.dq) < 3e-5f);
      CHECK(largest_difference(found.dk, expected.dk) < 3e-5f);
      CHECK(largest_difference(found.dv, expected.dv) < 3e-5f);
    }
  }
}

TEST_CASE("a sequence is attended to alike whatever is beside it") {
  for (auto& dev : all_devices())
    for (auto causal : {true, false}) {
      CAPTURE(dev->name());
      attention_case all{some_heads(causal), 3 * 150};
      attention_results together{*dev, all};
      for (uint64_t i = 0; i < 3; ++i) {
        attention_results alone{*dev, all.part(i, 1)};
        auto is_part_of = [i](const values& part, const values& whole) {
          auto size = part.data.size();
          return nnactor::same_bits(
              part.data, std::span{whole.data}.subspan(i * size, size));
        };
        CHECK(is_part_of(alone.y, together.y));
        CHECK(is_part_of(alone.sums, together.sums));
        CHECK(is_part_of(alone.dq, together.dq));
        CHECK(is_part_of(alone.dk, together.dk));
        CHECK(is_part_of(alone.dv, together.dv));
      }
    }
}

TEST_CASE("attention does not look across sequences, not even at NaN") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    attention_case of{some_heads(true), 3 * 150};
    attention_results before{*dev, of};
    auto middle = [](values& x) {
      return std::span{x.data}.subspan(x.data.size() / 3, x.data.size() / 3);
    };
    for (auto* x : {&of.q, &of.k, &of.v, &of.dy})
      std::ranges::fill(middle(*x), not_a_number);
    attention_results after{*dev, of};
    auto is_same_but_there = [&](values& x, values& y) {
      auto found = std::ranges::all_of(
          middle(y), [](float value) { return std::isnan(value); });
      std::ranges::copy(middle(x), middle(y).begin());
      return found && nnactor::same_bits(x.data, y.data);
    };
    CHECK(is_same_but_there(before.y, after.y));
    CHECK(is_same_but_there(before.sums, after.sums));
    CHECK(is_same_but_there(before.dq, after.dq));
    CHECK(is_same_but_there(before.dk, after.dk));
    CHECK(is_same_but_there(before.dv, after.dv));
  }
}

TEST_CASE("a position sees those before it, as far as its window") {
  constexpr uint64_t changed = 70;
  for (auto& dev : all_devices())
    for (auto& how : {some_heads(true), some_heads(true, 9), some_heads(false),
                      some_heads(false, 9)}) {
      CAPTURE(dev->name());
      CAPTURE(how.window);
      attention_case of{how, how.context};
      attention_results before{*dev, of};
      for (auto* x : {&of.k, &of.v})
        for (auto& value : x->out().row(changed))
          value += 1;
      attention_results after{*dev, of};
      for (uint64_t r = 0; r < how.context; ++r) {
        CAPTURE(r);
        auto same =
            nnactor::same_bits(before.y.in().row(r), after.y.in().row(r))
            && nnactor::same_bits(before.sums.in().row(r),
                                  after.sums.in().row(r));
        CHECK(same != sees(how, r, changed));
      }
    }
}

TEST_CASE("what comes after a position does not change a bit of it") {
  for (auto& dev : all_devices())
    for (uint64_t window : {0, 40}) {
      CAPTURE(dev->name());
      attention_case of{some_heads(true, window), 150};
      attention_results whole{*dev, of};
      for (uint64_t rows : {1, 37, 64, 149}) {
        CAPTURE(rows);
        values y{rows, of.q.columns}, sums{rows, whole.sums.columns};
        auto start = [rows](const values& x) {
          return matrix{x.data.data(), rows, x.columns};
        };
        dev->attend(of.how, start(of.q), start(of.k), start(of.v), y.out(),
                    sums.out());
        CHECK(nnactor::same_bits(y.data, start(whole.y).values()));
        CHECK(nnactor::same_bits(sums.data, start(whole.sums).values()));
      }
    }
}

TEST_CASE("attention gives the same bits each time, wherever matrices lie") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    attention_case of{some_heads(true), 2 * 150};
    attention_results first{*dev, of};
    CHECK(same_bits(first, attention_results{*dev, of}));
    auto rows = of.rows();
    for (size_t shift = 1; shift < 16; shift += 7) {
      auto move = [shift](const values& x) {
        std::vector<float> out(shift);
        out.insert(out.end(), x.data.begin(), x.data.end());
        return out;
      };
      auto q = move(of.q), k = move(of.k), v = move(of.v);
      std::vector<float> y(q.size()), sums(first.sums.data.size());
      dev->attend(of.how, {q.data() + shift, rows, of.q.columns},
                  {k.data() + shift, rows, of.k.columns},
                  {v.data() + shift, rows, of.v.columns},
                  {y.data() + shift, rows, of.q.columns},
                  {sums.data(), rows, first.sums.columns});
      CHECK(nnactor::same_bits(std::span{y}.subspan(shift), first.y.data));
      CHECK(nnactor::same_bits(sums, first.sums.data));
    }
  }
}

TEST_CASE("NaN and infinity reach what attends to them") {
  for (auto& dev : all_devices())
    for (auto bad : {not_a_number, infinite}) {
      CAPTURE(dev->name());
      attention_case of{some_heads(true), 150};
      of.k.data[3] = bad;
      attention_results found{*dev, of};
      CHECK(!std::isfinite(found.y.data[3]));
      CHECK(std::isnan(found.dq.data[3]));
    }
}

TEST_CASE("scores far from zero overflow nothing") {
  for (auto& dev : all_devices()) {
    CAPTURE(dev->name());
    attention_case of{some_heads(true), 150};
    for (auto& x : of.q.data)
      x *= 1000;
    attention_formula expected{of, widened(of.q), widened(of.k), widened(of.v)};
    attention_results found{*dev, of};
    auto all = {&found.y, &found.sums, &found.dq, &found.dk, &found.dv};
    for (auto* x : all)
      CHECK(std::ranges::all_of(
          x->data, [](float value) { return std::isfinite(value); }));
  }
}
