#pragma once

#include "reports/reporter.hpp"
#include "reports/run_pace.hpp"
#include "terminal/bytes_bar.hpp"
#include "terminal/console.hpp"

#include <limits>
#include <string>

namespace nnactor {

/// What people see of a run: a progress bar where lines can be drawn anew,
/// else a line every five seconds; and what both have in common.
class text_reporter : public reporter {
public:
  /// @param program How the user calls this program.
  text_reporter(console screen, std::string program);

  /// Leaves the cursor at the start of a line.
  ~text_reporter() override;

  void start(const experiment& how, const dataset& data, const network& net,
             const dataset::reference& baseline) override;
  void hint(const std::string& text) override;
  void placed(const deployed_network& network,
              const std::string& control) override;
  void event(const progress& what) override;
  void begin_sample(const manifest& from, const std::string& prompt) override;
  void sample(const std::string& text) override;
  void finish(const experiment& how, const manifest& best, size_t kept,
              const dataset::reference& baseline) override;

private:
  using time_point = console::clock::time_point;

  void on_step(const progress& what);
  void on_validation(const progress& what);
  void on_committed(const progress& what);
  void on_finished(const progress& what);
  void on_stopped(const progress& what);
  void on_failed();
  void show_progress();
  std::vector<std::string> status() const;
  std::string data_rate(double steps_per_second) const;
  void say(const std::string& text);
  std::string fit(const std::string& text) const;
  std::string strong(const std::string& text) const;
  void end_sample();

  console screen_;
  std::string program_;
  progress_bar bar_;
  bytes_bar loading_;
  uint64_t steps_ = 0; ///< Of the whole run.
  std::string model_;
  std::string credentials_; ///< What commands to try need to reach the run.
  std::string table_;       ///< Connection table of the first node.
  dataset::reference baseline_;
  time_point line_at_; ///< Of the last line about steps.
  uint64_t step_ = 0;
  uint64_t bytes_ = 0;
  smoothed loss_;
  run_pace pace_;
  step_load load_;
  double best_ = std::numeric_limits<double>::infinity();
  bool validated_ = false;
  manifest_ptr saved_; ///< The last generation committed.
  bool in_sample_ = false;
  bool at_margin_ = true; ///< The next character of the sample begins a line.
};

} // namespace nnactor
