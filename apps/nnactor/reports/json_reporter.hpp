#pragma once

#include "reports/reporter.hpp"
#include "reports/run_pace.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace nnactor {

/// What programs see of a run: one object a line, told apart by "event": start,
/// placed, step, validation, committed, then failed, or sample and finished.
class json_reporter : public reporter {
public:
  /// Takes lines with their line feed.
  using sink = std::function<void(const std::string&)>;

  using clock = std::function<run_pace::time_point()>;

  explicit json_reporter(sink out, clock now = console::clock::now);

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
  void on_step(const progress& what);
  void on_finished(const progress& what);
  void print(const nlohmann::ordered_json& what);

  sink out_;
  clock now_;
  uint64_t goal_ = 0; ///< Steps that are wanted.
  run_pace pace_;
  step_load load_;
  // At the end of the training:
  uint64_t steps_ = 0;
  uint64_t bytes_ = 0;
  double seconds_ = 0;            ///< That it took.
  double rate_ = 0;               ///< Steps a second of all of it.
  std::string why_early_;         ///< Empty if all steps are done.
  nlohmann::ordered_json sample_; ///< Null if there is none.
  std::string text_;
};

} // namespace nnactor
