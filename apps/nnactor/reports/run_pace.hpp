#pragma once

#include "terminal/pace.hpp"

#include "nnactor/config/experiment.hpp"
#include "nnactor/data/dataset.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace nnactor {

/// How fast a run trains: the steps a second of the last ten, and those of all
/// the time since it was placed.
class run_pace {
public:
  using time_point = pace::time_point;

  /// The run begins, or goes on, at `step`.
  void place(time_point now, uint64_t step);

  /// Another step is done. After a node was lost, some are done again.
  void add(time_point now, uint64_t step);

  /// There was a pause, or is another number of nodes.
  void forget();

  /// Of late, nothing before there is a first estimate.
  std::optional<double> rate() const {
    return pace_.rate();
  }

  /// Time until `goal`; negative while there is no estimate.
  std::chrono::duration<double> left(uint64_t goal) const {
    return pace_.left(goal);
  }

  /// Steps that the run has gone forward.
  uint64_t steps() const {
    return step_ - first_;
  }

  std::chrono::duration<double> time(time_point now) const {
    return now - placed_at_;
  }

  /// Of all steps.
  double mean_rate(time_point now) const {
    return static_cast<double>(steps()) / time(now).count();
  }

private:
  uint64_t first_ = 0;
  uint64_t step_ = 0;
  time_point placed_at_;
  pace pace_;
};

/// What a step goes through: tokens that are predicted where the data has
/// some, one a time step of an example; else examples.
struct step_load {
  const char* unit = "examples";
  double count = 0;

  /// "tokens_per_second": the key for it in JSON.
  std::string per_second() const {
    return std::string{unit} + "_per_second";
  }

  /// Operations of products.
  double flop = 0;
  /// That the nodes reach in a second; 0: not known yet.
  double peak = 0;

  /// Share of it that a run reaches (model flops utilisation, arXiv
  /// 2204.02311); nothing where the peak is not known.
  std::optional<double> utilisation(double steps_per_second) const {
    return peak > 0 ? std::optional{steps_per_second * flop / peak}
                    : std::nullopt;
  }

  static step_load of(const train_settings& how, const data_shape& data,
                      const network& net);
};

} // namespace nnactor
