#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/columns.hpp"
#include "nnactor/engine/parameters.hpp"
#include "nnactor/engine/resident.hpp"
#include "nnactor/engine/settings.hpp"
#include "nnactor/error.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// One matrix of parameters of a group and, where it learns, its gradient and
/// the state that the optimizer keeps for it, all with columns in gathered
/// order.
class learnable {
public:
  /// Everything is 0.
  /// @param decays Whether weight decay applies.
  /// @param runs Order of the columns; empty if it is the canonical one.
  learnable(std::string name, shape extent, bool decays,
            std::vector<column_run> runs, const train_settings& how);

  const std::string& name() const {
    return name_;
  }

  const shape& extent() const {
    return values_.extent();
  }

  mutable_matrix values(device& dev) {
    return values_.on(dev);
  }

  mutable_matrix gradient(device& dev) {
    return gradient_.on(dev);
  }

  /// Has a gradient of its own for a group that borrows the values, so that the
  /// order in which both groups come does not matter.
  void lend();

  /// @pre `lend` was called
  mutable_matrix lent_gradient(device& dev) {
    lent_changed_ = true;
    return lent_->on(dev);
  }

  /// Adds the lent gradient, which is 0 afterwards.
  void take_back(device& dev);

  /// Takes initial values with columns in canonical order.
  void assign(matrix canonical);

  /// One step of the optimizer with the gradient, and the lent one, times
  /// `scale`; they are 0 afterwards.
  void update(device& dev, const train_settings& how, uint64_t step,
              float scale);

  /// Appends the parameter and its state, columns in canonical order.
  void save(std::vector<parameter>& out);

  /// Checks what `load` would take over of a saved model.
  caf::error check(const std::vector<parameter>& saved) const;

  /// Takes over values and, where it learns, state; state that was not saved
  /// becomes 0.
  /// @pre `check(saved)` found nothing
  void load(const std::vector<parameter>& saved);

private:
  struct state {
    std::string name; ///< For example "adam.m.weight".
    resident values;
  };

  tensor canonical(resident& from) const;
  void take(resident& to, matrix canonical) const;
  caf::error check_one(const std::string& name, const parameter& saved) const;

  std::string name_;
  bool decays_;
  std::vector<column_run> runs_;
  resident values_;
  resident gradient_;
  std::optional<resident> lent_;
  bool lent_changed_ = false;
  bool learns_;
  std::vector<state> states_;
};

} // namespace nnactor
