#pragma once

#include "nnactor/address.hpp"
#include "nnactor/cluster/certificates.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace nnactor {

/// Looks up the numbers of a host. Fails with `ec::invalid_argument` where
/// there is no such host, with `ec::unreachable` where nobody can say so now.
/// Blocks.
result<std::vector<std::string>> look_up(const std::string& host);

/// How to find out what answers at an address.
struct knocking {
  host_port where;
  tls_context tls; ///< Null: plain TCP.
  std::chrono::steady_clock::time_point deadline;
  std::shared_ptr<const std::atomic<bool>> stop = {}; ///< Null: nobody will.
};

/// Opens a connection as CAF will, which keeps to itself what goes wrong, and
/// closes it. Returns the numbers of the host that answers. Fails with
/// `ec::unreachable` or, where the other side has hung up, `ec::node_lost`
/// where it is worth to try again, else with `ec::refused` or
/// `ec::invalid_argument`; the sentence is only the reason. Blocks up to the
/// deadline.
result<std::string> knock(const knocking& how);

} // namespace nnactor
