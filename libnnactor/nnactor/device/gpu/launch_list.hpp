#pragma once

#include "nnactor/device/gpu/launcher.hpp"

#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>

namespace nnactor::gpu {

/// Lets products that are followed by relu of their result do that themselves.
command_list fuse_relu(const command_list& what);

/// The weights that the products of a list read, as one range; empty where
/// there are none, or they lie so far apart that most of the range is not
/// theirs.
std::span<const std::byte> weights_of(const command_list& what);

/// Starts lists of kernels. Those that come again, with the same addresses, are
/// known to the GPU as a graph from the second time on, which it starts without
/// a call a kernel.
class graph_cache {
public:
  explicit graph_cache(launcher& to) : to_(to) {
  }

  /// @pre `what` is not empty
  void run(const command_list& what);

  /// Lists that a GPU knows.
  size_t size() const;

  /// Times that one of them was started.
  uint64_t hits() const {
    return hits_;
  }

private:
  struct entry {
    command_list what;
    std::unique_ptr<graph> known; ///< Null until it comes again.
  };

  using entries = std::list<entry>;

  launcher& to_;
  entries recent_; ///< The latest first.
  std::unordered_multimap<uint64_t, entries::iterator> by_hash_;
  uint64_t hits_ = 0;
};

} // namespace nnactor::gpu
