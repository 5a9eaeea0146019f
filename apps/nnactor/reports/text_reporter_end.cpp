#include "reports/text_reporter.hpp"

#include "reports/run_tables.hpp"
#include "terminal/command_line.hpp"
#include "terminal/format.hpp"

#include "nnactor/store/manifest.hpp"

#include <cmath>

namespace nnactor {

namespace {

constexpr const char* margin = "  | ";

std::string quoted(const std::string& text) {
  return "\"" + printable_line(text) + "\"";
}

// How a loss compares with that of the reference.
std::string compare(double loss, const dataset::reference& baseline) {
  auto percent = 100 * (loss / baseline.loss - 1);
  return fmt::format("{:.1f} % {} the {}'s {}", std::abs(percent),
                     percent < 0 ? "below" : "above", baseline.name,
                     format_loss(baseline.loss));
}

} // namespace

// -- the end of the training --------------------------------------------------

void text_reporter::on_finished(const progress& what) {
  auto now = screen_.now();
  auto rate = pace_.mean_rate(now);
  say(fmt::format("\n{} {} in {}: {} steps/s, {}, {} sent over links\n",
                  strong("Trained"), counted(pace_.steps(), "step"),
                  format_duration(pace_.time(now)), format_rate(rate),
                  data_rate(rate), format_bytes(bytes_)));
  if (!what.text.empty())
    say(fit(fmt::format("Ended at step {} of {}: {}\n", format_count(what.step),
                        format_count(steps_), what.text)));
}

void text_reporter::on_stopped(const progress& what) {
  auto saved = what.saved != 0;
  auto left = saved ? fmt::format("generation {} of it is in {}", what.saved,
                                  printable(model_))
                    : std::string{"nothing is saved"};
  say(fmt::format("\n{} after step {} of {}; {}\n{} with\n  {}\n",
                  strong("Ended"), format_count(what.step),
                  format_count(steps_), left, saved ? "Go on" : "Begin again",
                  line_to_go_on(words_of_this_process(), saved)));
}

// The error itself is told by whoever ends the program.
void text_reporter::on_failed() {
  auto left =
      saved_
          ? fmt::format("generation {} of step {} is in {}", saved_->generation,
                        format_count(saved_->step), printable(model_))
          : std::string{"nothing has been saved by this run"};
  say(fmt::format("\n{} after step {} of {}; {}\n", strong("Stopped"),
                  format_count(step_), format_count(steps_), left));
}

// -- after the last step ------------------------------------------------------

void text_reporter::begin_sample(const manifest& from,
                                 const std::string& prompt) {
  auto after = prompt.empty() ? "" : fmt::format(" after {}", quoted(prompt));
  say(fmt::format("\n{}{}\n  (generation {}, read back from {})\n",
                  strong("What it writes"), after, from.generation,
                  printable(model_)));
  in_sample_ = true;
  at_margin_ = true;
  sample(prompt);
}

void text_reporter::sample(const std::string& text) {
  std::string out;
  for (auto c : printable(text)) {
    if (at_margin_)
      out += margin;
    out += c;
    at_margin_ = c == '\n';
  }
  screen_.write(out);
}

void text_reporter::end_sample() {
  if (in_sample_ && !at_margin_)
    screen_.write("\n");
  in_sample_ = false;
}

void text_reporter::finish(const experiment& how, const manifest& best,
                           size_t kept, const dataset::reference& baseline) {
  end_sample();
  auto line = fmt::format("\n{} is in {}\n  {} kept, best: generation {} of "
                          "step {}",
                          strong("The model"), printable(how.store.path),
                          counted(kept, "generation"), best.generation,
                          format_count(best.step));
  if (best.validation_loss) {
    line +=
        fmt::format(", validation loss {}", format_loss(*best.validation_loss));
    if (!baseline.name.empty())
      line += ",\n  " + compare(*best.validation_loss, baseline);
  }
  say(line + "\n\n" + strong("Try next") + "\n"
      + render_next_steps(
          {program_, how.store.path, best.is_of_text(), table_}));
}

} // namespace nnactor
