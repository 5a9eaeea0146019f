#include "nnactor/cluster/assembly.hpp"
#include "nnactor/cluster/link.hpp"
#include "nnactor/defaults.hpp"
#include "support/actors.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cstring>

using namespace nnactor;
using namespace nnactor::test;

namespace {

tensor_message message(shape extent, group_id producer = 3) {
  return {{{1, 2, phase::train, 0}, 1, direction::forward, producer, 0},
          ramp(extent)};
}

bool same(const tensor& x, const tensor& y) {
  return x.type() == y.type() && x.extent() == y.extent()
         && x.bytes().size() == y.bytes().size()
         && std::memcmp(x.bytes().data(), y.bytes().data(), x.bytes().size())
                == 0;
}

/// What an assembly says of one piece.
std::string refusal(assembly& into, const tensor_piece& piece) {
  auto out = into.add(piece);
  return out ? "" : explain(out.error());
}

} // namespace

TEST_CASE("a tensor is cut into shared pieces and put together again") {
  CHECK(rc::check([] {
    auto extent = shape{*rc::gen::inRange<uint64_t>(1, 20),
                        *rc::gen::inRange<uint64_t>(1, 20)};
    auto limit = *rc::gen::inRange<size_t>(1, 500);
    auto what = message(extent);
    auto pieces = cut(what, limit);
    RC_ASSERT(pieces.size() == (what.value.bytes().size() + limit - 1) / limit);
    assembly parts{20};
    for (size_t i = 0; i < pieces.size(); ++i) {
      RC_ASSERT(pieces[i].bytes.size() <= limit);
      auto whole = parts.add(pieces[i]);
      RC_ASSERT(static_cast<bool>(whole));
      RC_ASSERT(whole->has_value() == (i + 1 == pieces.size()));
      if (*whole)
        RC_ASSERT(same(**whole, what.value));
    }
    RC_ASSERT(parts.size() == 0u);
  }));
}

TEST_CASE("a tensor of one piece is not copied") {
  auto what = message({4, 4});
  auto whole = assembly{4}.add(cut(what, defaults::piece_bytes).front());
  REQUIRE(whole);
  CHECK((*whole)->bytes().data() == what.value.bytes().data());
}

TEST_CASE("pieces of several tensors may come mixed") {
  auto x = cut(message({4, 4}, 3), 10);
  auto y = cut(message({4, 4}, 5), 10);
  assembly parts{4, 2};
  size_t whole = 0;
  for (size_t i = 0; i < x.size(); ++i)
    for (auto* piece : {&x[i], &y[i]})
      whole += parts.add(*piece)->has_value();
  CHECK(whole == 2);
}

TEST_CASE("pieces that no honest peer sends are refused") {
  auto good = cut(message({4, 4}), 16);
  assembly parts{4};
  auto with = [&](auto change) {
    auto bad = good[0];
    change(bad);
    return refusal(parts, bad);
  };
  auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(with([](auto& x) { x.type = static_cast<dtype>(9); }), "dtype"));
  CHECK(has(with([](auto& x) { x.key.work.why = static_cast<phase>(4); }),
            "phase"));
  CHECK(has(with([](auto& x) { x.key.way = static_cast<direction>(2); }),
            "direction"));
  CHECK(has(with([](auto& x) { x.extent.rows = 0; }), "rows"));
  CHECK(has(with([](auto& x) { x.extent.rows = 1ull << 63; }), "rows"));
  CHECK(has(with([](auto& x) { x.extent.columns = 5; }), "wider"));
  CHECK(has(with([](auto& x) { x.extent.columns = 0; }), "wider"));
  CHECK(has(with([](auto& x) { x.offset = 1000; }), "outside"));
  CHECK(has(with([](auto& x) { x.offset = ~uint64_t{0} - 7; }), "outside"));
  CHECK(has(with([](auto& x) { x.extent = {1, 1}; }), "outside"));
  CHECK(has(with([](auto& x) { x.bytes = {}; }), "outside"));
  CHECK(has(with([](auto& x) { x.offset = 16; }), "continue"));
  // None of them left anything behind.
  CHECK(parts.size() == 0);
}

TEST_CASE("a piece that is lost, doubled, or of another extent is refused") {
  auto pieces = cut(message({4, 4}), 16);
  assembly parts{4};
  REQUIRE(parts.add(pieces[0]));
  CHECK(!parts.add(pieces[0]));
  CHECK(!parts.add(pieces[2]));
  auto other = pieces[1];
  other.extent = {8, 4};
  CHECK(!parts.add(other));
  // The honest ones still get through.
  CHECK(parts.add(pieces[1]));
  CHECK(parts.add(pieces[2]));
  CHECK(parts.add(pieces[3])->has_value());
}

TEST_CASE("a peer cannot open tensors without end") {
  assembly parts{4};
  size_t refused = 0;
  for (group_id i = 0; i < 5000; ++i)
    refused += !parts.add(cut(message({1, 4}, i), 4).front());
  CHECK(refused > 0);
  CHECK(parts.size() == 5000 - refused);
}
