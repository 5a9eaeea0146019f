#include "reports/chart.hpp"

#include "terminal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace nnactor {

namespace {

constexpr double width = 760;
constexpr double height = 440;
constexpr double left = 70;
constexpr double right = 190; ///< Holds the names of the lines.
constexpr double top = 40;
constexpr double bottom = 56;

/// Told apart by people who see colours differently, too (Okabe and Ito).
constexpr std::array colours = {"#0072b2", "#d55e00", "#009e73",
                                "#cc79a7", "#000000", "#e69f00"};

/// One axis: values to pixels.
struct scale {
  double low, high, from, to;
  bool logarithmic;

  double place(double x) const {
    auto at = logarithmic ? (std::log(x) - std::log(low))
                                / (std::log(high) - std::log(low))
                          : (x - low) / (high - low);
    return from + at * (to - from);
  }
};

/// Round values that divide an axis.
std::vector<double> ticks_of(const scale& axis) {
  std::vector<double> out;
  if (axis.logarithmic) {
    auto many = axis.high / axis.low > 1e4;
    for (auto decade = std::pow(10, std::floor(std::log10(axis.low)));
         decade <= axis.high; decade *= 10)
      for (auto factor : {1.0, 2.0, 5.0}) {
        auto x = decade * factor;
        if (x >= axis.low * 0.999 && x <= axis.high * 1.001
            && (!many || factor == 1.0))
          out.push_back(x);
      }
    return out;
  }
  auto step = std::pow(10, std::floor(std::log10(axis.high / 4)));
  for (auto factor : {5.0, 2.0})
    if (axis.high / (step * factor) >= 4) {
      step *= factor;
      break;
    }
  for (auto x = 0.0; x <= axis.high * 1.001; x += step)
    out.push_back(x);
  return out;
}

std::string short_number(double x) {
  for (auto [unit, name] : {std::pair{1e9, "G"}, {1e6, "M"}, {1e3, "k"}})
    if (x >= unit)
      return fmt::format("{:.3g}{}", x / unit, name);
  return fmt::format("{:.3g}", x);
}

std::string text(double x, double y, const char* anchor,
                 const std::string& what) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}"
                     "</text>\n",
                     x, y, anchor, xml_text(what));
}

std::string grid(const scale& x, const scale& y) {
  std::string out;
  for (auto tick : ticks_of(x)) {
    out +=
        fmt::format("<path d=\"M{0:.1f} {1:.1f}V{2:.1f}\" class=\"grid\"/>\n",
                    x.place(tick), y.to, y.from);
    out += text(x.place(tick), y.from + 18, "middle", short_number(tick));
  }
  for (auto tick : ticks_of(y)) {
    out +=
        fmt::format("<path d=\"M{1:.1f} {0:.1f}H{2:.1f}\" class=\"grid\"/>\n",
                    y.place(tick), x.from, x.to);
    out += text(x.from - 8, y.place(tick) + 4, "end", short_number(tick));
  }
  return out;
}

std::string draw(const chart& what, const chart_line& line, size_t index,
                 const scale& x, const scale& y) {
  std::string path;
  for (size_t i = 0; i < line.values.size(); ++i)
    if (line.values[i] > 0)
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L",
                          x.place(what.points[i]), y.place(line.values[i]));
  const auto* colour = colours[line.colour % colours.size()];
  const auto* dashes = line.dashed ? " stroke-dasharray=\"6 4\"" : "";
  auto at = top + 14 + 22 * static_cast<double>(index);
  return fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" "
                     "stroke-width=\"2\"{}/>\n"
                     "<path d=\"M{:.1f} {:.1f}h22\" stroke=\"{}\" "
                     "stroke-width=\"2\"{}/>\n",
                     path, colour, dashes, width - right + 14, at - 4, colour,
                     dashes)
         + text(width - right + 42, at, "start", line.name);
}

} // namespace

std::string to_svg(const chart& what) {
  auto low = std::numeric_limits<double>::infinity();
  auto high = 0.0;
  for (const auto& line : what.lines)
    for (auto value : line.values) {
      low = value > 0 ? std::min(low, value) : low;
      high = std::max(high, value);
    }
  scale x{what.points.front(), what.points.back(), left, width - right, true};
  scale y{what.logarithmic ? low : 0, high * 1.05, height - bottom, top,
          what.logarithmic};
  auto out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
      "width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<style>.grid{{stroke:#ddd}}</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      width, height);
  out += fmt::format("<g font-size=\"15\">{}</g>\n",
                     text(left, 24, "start", what.title));
  out += grid(x, y);
  for (size_t i = 0; i < what.lines.size(); ++i)
    out += draw(what, what.lines[i], i, x, y);
  out += text((x.from + x.to) / 2, height - 14, "middle", what.horizontal);
  out += fmt::format("<g transform=\"rotate(-90 18 {0:.1f})\">{1}</g>\n",
                     (y.from + y.to) / 2,
                     text(18, (y.from + y.to) / 2, "middle", what.vertical));
  return out + "</svg>\n";
}

} // namespace nnactor
