#include "reports/chart.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <string>

using namespace nnactor;

namespace {

size_t count(const std::string& text, const std::string& what) {
  size_t out = 0;
  for (auto at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1))
    ++out;
  return out;
}

chart two_lines() {
  chart out;
  out.title = "Speed";
  out.horizontal = "servers";
  out.vertical = "tokens/s";
  out.points = {1, 10, 1000};
  out.lines = {{"near", {10, 100, 1000}, false, 0},
               {"far", {0, 5, 7}, true, 1}};
  return out;
}

} // namespace

TEST_CASE("a chart has its lines, their names and its axes") {
  for (auto logarithmic : {false, true}) {
    auto what = two_lines();
    what.logarithmic = logarithmic;
    auto svg = to_svg(what);
    CHECK(svg.starts_with("<svg"));
    CHECK(svg.ends_with("</svg>\n"));
    for (const auto* word : {">Speed<", ">servers<", ">tokens/s<", ">near<",
                             ">far<", ">1k<", ">10<"}) {
      CAPTURE(word);
      CHECK(count(svg, word) >= 1);
    }
    // Each line once in the picture and once beside its name.
    CHECK(count(svg, "stroke-dasharray") == 2);
    CHECK(count(svg, "#0072b2") == 2);
    CHECK(count(svg, "nan") == 0);
    CHECK(count(svg, "inf") == 0);
  }
}

TEST_CASE("a line begins at its first value") {
  auto svg = to_svg(two_lines());
  auto far = svg.substr(0, svg.find("#d55e00"));
  far = far.substr(far.rfind("<path d=\"") + 9);
  far = far.substr(0, far.find('"'));
  CHECK(std::ranges::count(far, 'M') == 1);
  CHECK(std::ranges::count(far, 'L') == 1);
}

TEST_CASE("values go up, as points go right") {
  auto svg = to_svg(two_lines());
  auto path = svg.substr(0, svg.find("#0072b2"));
  path = path.substr(path.rfind("<path d=\"M") + 10);
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  REQUIRE(std::sscanf(path.c_str(), "%lf %lfL%lf %lf", &x1, &y1, &x2, &y2)
          == 4);
  CHECK(x2 > x1);
  CHECK(y2 < y1);
}
