#pragma once

#include "nnactor/cluster/survivors.hpp"

#include <map>
#include <string>

namespace nnactor {

/// Where groups belong that had to leave a lost node, so that they go back when
/// it does.
class homes {
public:
  /// The node at an address is lost. A group that has been on it only since
  /// another one was lost belongs to that one.
  void lose(const deployment& job, const std::string& address);

  /// People have put a group, or all groups of a node, somewhere: there they
  /// stay.
  void forget_group(group_id which);
  void forget_node(uint32_t number);
  void clear();

  /// Returns a job with one more node, and on it the groups that belong there.
  rearrangement welcome(const deployment& job, const server& newcomer) const;

private:
  struct home {
    uint32_t node = 0; ///< Its number.
    uint32_t device = 0;
  };

  std::map<group_id, home> all_;
};

} // namespace nnactor
