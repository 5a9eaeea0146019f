#pragma once

#include "nnactor/data/dataset.hpp"

namespace nnactor {

/// Random values of random classes, to measure what does not depend on values.
/// The same settings give the same examples everywhere.
class noise_dataset : public dataset {
public:
  /// Fails with `ec::invalid_data` if a split is left without any example, or
  /// if they take more than 4 GiB.
  static result<std::shared_ptr<const dataset>> make(const data_settings& how);

  data_shape shape() const override;
  uint64_t size(split part) const override;
  examples gather(split part,
                  const std::vector<uint64_t>& indices) const override;
  std::string summary() const override;

private:
  explicit noise_dataset(const data_settings& how);

  data_shape shape_;
  uint64_t train_ = 0;           ///< Examples before those to validate with.
  std::vector<float> values_;    ///< In [-0.5, 0.5), row by row.
  std::vector<int32_t> classes_; ///< One a time step.
};

} // namespace nnactor
