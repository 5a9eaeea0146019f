#include "reports/text_reporter.hpp"

#include "reports/run_tables.hpp"
#include "terminal/command_line.hpp"
#include "terminal/credential_options.hpp"
#include "terminal/format.hpp"

#include "nnactor/run/planned_nodes.hpp"
#include "nnactor/run/validation_sample.hpp"
#include "nnactor/store/manifest.hpp"

#include <cerrno>

namespace nnactor {

text_reporter::text_reporter(console screen, std::string program)
    : screen_(screen), program_(std::move(program)), bar_(screen),
      loading_(std::move(screen), "loaded") {
}

text_reporter::~text_reporter() {
  end_sample();
}

// -- before the first step ----------------------------------------------------

void text_reporter::start(const experiment& how, const dataset& data,
                          const network& net,
                          const dataset::reference& baseline) {
  steps_ = how.run.steps;
  load_ = step_load::of(how.run.train, data.shape(), net);
  model_ = how.store.path;
  credentials_ = words_of(how.cluster.who);
  baseline_ = baseline;
  say(fmt::format("{} {}\n{}", strong("Data"), printable(how.data.path),
                  fit(fmt::format("  {}\n", data.summary()))));
  if (auto sample = validation_sample{data, how.run}; sample.is_part())
    say(fmt::format("  of which every validation goes through {}\n",
                    format_count(sample.size())));
  say(fmt::format("\n{} ({} of {}, saved in {})\n{}", strong("Network"),
                  counted(steps_, "step"),
                  counted(how.run.train.batch, "example"), printable(model_),
                  render_network(net)));
  if (!baseline.name.empty())
    say(fmt::format("\n{}: a {} has a validation loss of {}\n",
                    strong("Reference"), baseline.name,
                    format_loss(baseline.loss)));
  auto& nodes = how.cluster;
  if (nodes.addresses.empty())
    say(fmt::format("\nStarting {} on this machine ...\n",
                    counted(nodes.nodes, "node")));
  else
    say(fmt::format("\nConnecting {} ...\n",
                    counted(nodes.addresses.size(), "node")));
}

void text_reporter::hint(const std::string& text) {
  say(fmt::format("\n{}: {}\n", strong("Hint"), text));
}

void text_reporter::placed(const deployed_network& network,
                           const std::string& control) {
  if (!network.reports.empty())
    table_ = network.reports.front().table;
  line_at_ = screen_.now();
  load_.peak = peak_flops(network.cluster, network.job->train.compute);
  step_ = network.job->step;
  pace_.place(line_at_, step_);
  say(fmt::format("\n{} (epoch {}; look inside with {} shell {}{})\n{}\n",
                  strong("Cluster"), network.job->epoch, program_, control,
                  credentials_, render_cluster(network)));
  if (step_ > 0)
    say(fmt::format("Going on from generation {} of step {}\n",
                    network.job->generation, format_count(step_)));
  show_progress();
}

// -- while it trains ----------------------------------------------------------

void text_reporter::event(const progress& what) {
  if (what.what == progress::kind::loading)
    return loading_.update(what.bytes, what.of);
  loading_.erase();
  bytes_ = what.bytes;
  switch (what.what) {
  case progress::kind::loading:
    return;
  case progress::kind::step:
    return on_step(what);
  case progress::kind::validation:
    return on_validation(what);
  case progress::kind::traffic:
    return show_progress();
  case progress::kind::committed:
    return on_committed(what);
  case progress::kind::notice:
    pace_.forget();
    say(fit(fmt::format("step {}: {}\n", format_count(what.step),
                        printable(what.text))));
    return show_progress();
  case progress::kind::finished:
    return on_finished(what);
  case progress::kind::stopped:
    return on_stopped(what);
  case progress::kind::failed:
    return on_failed();
  }
}

void text_reporter::on_step(const progress& what) {
  step_ = what.step;
  loss_.add(what.loss);
  pace_.add(screen_.now(), step_);
  show_progress();
}

void text_reporter::on_validation(const progress& what) {
  if (!validated_)
    say(fmt::format(
        "{:>9}  {:>13}  {:>15}  {:>8}{}\n", "step", "training loss",
        "validation loss", "accuracy",
        baseline_.name.empty() ? "" : fmt::format("  {:>9}", "reference")));
  validated_ = true;
  auto line = fmt::format("{:>9}  {:>13}  {:>15}  {:>6.1f} %",
                          format_count(what.step), format_loss(loss_.value()),
                          format_loss(what.loss), 100 * what.accuracy);
  if (!baseline_.name.empty())
    line += fmt::format("  {:>9}", format_loss(baseline_.loss));
  if (what.loss < best_)
    line += "  best so far";
  best_ = std::min(best_, what.loss);
  say(line + "\n");
  line_at_ = screen_.now();
  show_progress();
}

void text_reporter::on_committed(const progress& what) {
  saved_ = what.generation;
  show_progress();
}

std::vector<std::string> text_reporter::status() const {
  std::vector<std::string> out{
      fmt::format("step {}/{}", format_count(step_), format_count(steps_))};
  if (step_ > 0)
    out.push_back("loss " + format_loss(loss_.value()));
  auto speed = pace_.rate();
  if (speed) {
    out.push_back(format_duration(pace_.left(steps_)) + " left");
    out.push_back(format_rate(*speed) + " steps/s");
  }
  out.push_back(format_bytes(bytes_) + " sent");
  if (saved_)
    out.push_back(fmt::format("saved at {}", format_count(saved_->step)));
  if (speed)
    out.push_back(data_rate(*speed));
  return out;
}

std::string text_reporter::data_rate(double steps_per_second) const {
  auto rate = fmt::format(
      "{} {}/s", format_rate(steps_per_second * load_.count), load_.unit);
  if (auto share = load_.utilisation(steps_per_second))
    rate += fmt::format(" ({:.0f} % of peak)", 100 * *share);
  return rate;
}

void text_reporter::show_progress() {
  auto share = steps_ == 0
                   ? 1.0
                   : static_cast<double>(step_) / static_cast<double>(steps_);
  if (screen_.terminal)
    return bar_.update(share, [this] { return status(); });
  auto now = screen_.now();
  if (now - line_at_ < line_interval)
    return;
  line_at_ = now;
  std::string line = " ";
  for (auto& field : status())
    line += " " + field + ",";
  line.back() = '\n';
  say(line);
}

// -- helpers ------------------------------------------------------------------

void text_reporter::say(const std::string& text) {
  bar_.erase();
  loading_.erase();
  screen_.write(text);
}

// Commands that somebody may copy are left as they are.
std::string text_reporter::fit(const std::string& text) const {
  return screen_.terminal ? fitted(text, screen_.columns()) : text;
}

std::string text_reporter::strong(const std::string& text) const {
  return screen_.bold ? "\033[1m" + text + "\033[0m" : text;
}

std::unique_ptr<reporter> make_text_reporter() {
  return std::make_unique<text_reporter>(console::of(stdout),
                                         program_invocation_name);
}

} // namespace nnactor
