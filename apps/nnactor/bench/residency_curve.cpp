#include "bench/residency_curve.hpp"

#include "reports/chart.hpp"
#include "terminal/output_file.hpp"

namespace nnactor {

namespace {

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
  out.lines = {{"pipelined", {}, false, 0},
               {"one at a time", {}, false, 1},
               {"reading alone", {}, true, 4}};
  for (const auto& x : points) {
    out.points.push_back(x.megabytes);
    out.lines[0].values.push_back(x.pipelined_gain);
    out.lines[1].values.push_back(x.latency_gain);
    out.lines[2].values.push_back(x.limit);
  }
  return to_svg(out);
}

caf::error write_curve(const std::vector<residency_point>& points,
                       const std::string& csv, const std::string& svg,
                       bool overwrite) {
  if (!csv.empty())
    if (auto err = write_text(csv, to_csv(points), overwrite))
      return err;
  if (!svg.empty())
    if (auto err = write_text(svg, draw_curve(points), overwrite))
      return err;
  return caf::none;
}

} // namespace nnactor
