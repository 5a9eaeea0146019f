#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/data/dataset.hpp"
#include "nnactor/run/progress.hpp"

#include <memory>
#include <string>

namespace nnactor {

/// What `nnactor run` shows while it works: tables and a progress bar for
/// people, or one JSON object a line for programs.
class reporter {
public:
  virtual ~reporter() = default;

  /// What is going to be trained on what; `baseline` has no name if there is
  /// none.
  virtual void start(const experiment& how, const dataset& data,
                     const network& net,
                     const dataset::reference& baseline) = 0;

  /// What would make the run faster, said once.
  virtual void hint(const std::string& text) = 0;

  /// The network is on its nodes; shells reach the run at `control`.
  virtual void placed(const deployed_network& network,
                      const std::string& control) = 0;

  /// Something happened; called for every step.
  virtual void event(const progress& what) = 0;

  /// A piece of the generated sample, in order; `begin_sample` first.
  virtual void begin_sample(const manifest& from,
                            const std::string& prompt) = 0;
  virtual void sample(const std::string& text) = 0;

  /// The end: where the model is (`best` of its generations, as many as are
  /// kept) and which commands to try next.
  virtual void finish(const experiment& how, const manifest& best, size_t kept,
                      const dataset::reference& baseline) = 0;
};

std::unique_ptr<reporter> make_text_reporter();
std::unique_ptr<reporter> make_json_reporter();

} // namespace nnactor
