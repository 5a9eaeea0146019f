#include "commands/plan_case.hpp"

#include "bench/stopwatch.hpp"
#include "commands/commands.hpp"
#include "reports/scale_report.hpp"
#include "reports/transformer_report.hpp"
#include "terminal/output.hpp"
#include "terminal/output_file.hpp"

namespace nnactor {

int plan_transformer(const std::string& text, const experiment_options& from,
                     bool json) {
  auto what = parse_transformer_case(text, from.config, from.overrides);
  if (!what)
    return finish(what.error());
  auto all = report_on(*what);
  if (json)
    say_json(to_json(all));
  else
    say("{}", render(*what, all));
  return 0;
}

int plan_scale(const std::string& text, const experiment_options& from,
               const scale_output& how) {
  auto what = parse_scale_case(text, from.config, from.overrides);
  if (!what)
    return finish(what.error());
  for (auto* path : {&how.csv, &how.svg})
    if (auto err = check_output(*path, how.overwrite))
      return finish(err);
  auto start = stopwatch::now();
  auto all = plan_scale(*what);
  auto seconds = seconds_since(start);
  if (!how.csv.empty())
    if (auto err = write_text(how.csv, to_csv(all), how.overwrite))
      return finish(err);
  if (!how.svg.empty())
    if (auto err = write_text(how.svg, to_svg(*what, all), how.overwrite))
      return finish(err);
  if (how.json)
    say_json(to_json(all));
  else
    say("{}", render(*what, all, seconds));
  return 0;
}

} // namespace nnactor
