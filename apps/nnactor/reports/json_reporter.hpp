#pragma once

#include "reports/reporter.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace nnactor {

/// What programs see of a run: one object a line, told apart by "event": start,
/// placed, step, validation, committed, then failed, or sample and finished.
class json_reporter : public reporter {
public:
  /// Takes lines with their line feed.
  using sink = std::function<void(const std::string&)>;

  explicit json_reporter(sink out);

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
  void print(const nlohmann::ordered_json& what);

  sink out_;
  uint64_t steps_ = 0; ///< At the end of the training.
  uint64_t bytes_ = 0;
  std::string why_early_;         ///< Empty if all steps are done.
  nlohmann::ordered_json sample_; ///< Null if there is none.
  std::string text_;
};

} // namespace nnactor
