#pragma once

#include "nnactor/data/dataset.hpp"

#include <string>
#include <vector>

namespace nnactor::test {

/// Examples made up from a seed that fit a network. Labels follow from the
/// inputs, so that there is something to learn.
class made_up_data : public dataset {
public:
  made_up_data(const network& net, uint64_t train, uint64_t validation);

  data_shape shape() const override;
  uint64_t size(split part) const override;
  examples gather(split part,
                  const std::vector<uint64_t>& indices) const override;
  std::string summary() const override;

private:
  data_shape shape_;
  examples all_; ///< Training examples, then those for validation.
  uint64_t train_;
  uint64_t validation_;
};

} // namespace nnactor::test
