#pragma once

#include "nnactor/device/device.hpp"

#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace nnactor {

/// For every position of a sequence the cosines of its head_size / 2 angles,
/// then their sines.
std::vector<float> rotary_table(const device::rotation& how);

/// Tables that were asked for, wherever a device reads them: a network uses
/// very few, all the time.
template <class Table>
class rotary_tables {
public:
  /// @param make Returns a table that is new.
  /// @returns What is valid until the next call.
  template <class Make>
  const Table& of(const device::rotation& how, Make make) {
    // Only a node that lives through ever new networks gets beyond it.
    constexpr size_t most_tables = 64;
    key which{how.head_size, how.context, how.base, how.scale};
    if (auto found = known_.find(which); found != known_.end())
      return found->second;
    if (known_.size() >= most_tables)
      known_.clear();
    return known_.emplace(which, make()).first->second;
  }

private:
  using key = std::tuple<uint64_t, uint32_t, double, double>;

  std::map<key, Table> known_;
};

} // namespace nnactor
