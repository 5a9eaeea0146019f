#include "residency_curve.hpp"

#include "chart.hpp"

#include <fstream>

namespace nnactor {

namespace {

caf::error write(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::trunc};
  out << text;
  if (!out.flush())
    return fail(ec::invalid_argument,
                "cannot write {}; name a file in a folder that can be written",
                path);
  return caf::none;
}

std::string to_csv(const std::vector<residency_point>& points) {
  std::string out = "megabytes,latency_gain,pipelined_gain,limit\n";
  for (const auto& x : points)
    out += fmt::format("{:.3f},{:.3f},{:.3f},{:.3f}\n", x.megabytes,
                       x.latency_gain, x.pipelined_gain, x.limit);
  return out;
}

} // namespace

std::string draw_curve(const std::vector<residency_point>& points) {
  chart out;
  out.title = "Two cores over one, by the size of the weights";
  out.horizontal = "weights, MB (bfloat16)";
  out.vertical = "gain";
  out.lines = {{"pipelined", {}}, {"one at a time", {}}, {"reading alone", {}, true}};
  for (const auto& x : points) {
    out.points.push_back(x.megabytes);
    out.lines[0].values.push_back(x.pipelined_gain);
    out.lines[1].values.push_back(x.latency_gain);
    out.lines[2].values.push_back(x.limit);
  }
  return to_svg(out);
}

caf::error write_curve(const std::vector<residency_point>& points,
                       const std::string& csv, const std::string& svg) {
  if (!csv.empty())
    if (auto err = write(csv, to_csv(points)))
      return err;
  if (!svg.empty())
    if (auto err = write(svg, draw_curve(points)))
      return err;
  return caf::none;
}

} // namespace nnactor
