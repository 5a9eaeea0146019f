#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/shell/command.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// All nodes that a run has ever had, with the numbers by which people know
/// them: a number is given when a node joins for the first time and never means
/// another one, though nodes go and come back. Elsewhere nodes are told apart
/// by their index in a deployment, which is dense; `server::number` leads back.
class roster {
public:
  enum class fate : uint8_t { serves, lost, left };

  struct entry {
    uint32_t number = 0;
    std::string address;
    fate now = fate::serves;
    uint64_t step = 0; ///< Since when it does not serve.
  };

  /// Takes in the nodes of a deployment; those that it has not seen keep the
  /// numbers that they come with.
  void serve(const std::vector<server>& servers);

  /// The number of the node at an address; of a new one, the next.
  uint32_t number_of(const std::string& address) const;

  void lose(const std::string& address, uint64_t step);
  void let_go(const std::string& address, uint64_t step);

  bool is_lost(const std::string& address) const;

  /// The node that is meant, whatever became of it; null if there was none.
  const entry* look_up(const node_name& whom) const;

  /// The nodes that have been here, by number, and are not now.
  std::vector<entry> absent() const;

  /// Returns the number of a node that serves. Fails with
  /// `ec::invalid_argument`: which nodes there are, or what became of the one
  /// that is meant.
  result<uint32_t> find(const node_name& whom) const;

private:
  entry* at(const std::string& address);

  std::vector<entry> all_; ///< By number.
};

/// "node 2 (10.0.0.5:4700) was lost at step 800".
std::string describe(const roster::entry& what);

} // namespace nnactor
