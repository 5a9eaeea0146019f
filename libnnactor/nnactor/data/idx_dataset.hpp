#pragma once

#include "nnactor/data/dataset.hpp"
#include "nnactor/data/idx.hpp"

namespace nnactor {

/// Images and the class of each. A value is its byte divided by 255, so that
/// inputs are in [0, 1]; there is no other normalisation. The last
/// `how.validation` of the file is for validation. Classes are 0 up to the
/// largest label.
class idx_dataset : public dataset {
public:
  /// Reads the two files in the folder `how.path`.
  static result<std::shared_ptr<const dataset>> open(const data_settings& how);

  data_shape shape() const override;
  uint64_t size(split part) const override;
  examples gather(split part,
                  const std::vector<uint64_t>& indices) const override;
  std::string summary() const override;

private:
  idx_dataset(idx_array images, idx_array labels, double validation);

  idx_array images_;
  idx_array labels_;
  uint64_t train_ = 0; ///< Images before the validation part.
  uint32_t classes_ = 0;
};

} // namespace nnactor
