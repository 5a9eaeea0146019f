#pragma once

#include <string>

namespace nnactor {

/// Paths of PEM files that prove who a process is and whom it believes.
struct credentials {
  std::string certificate;
  std::string key;
  std::string authority; ///< Certificate authority of all nodes.

  bool empty() const {
    return certificate.empty() && key.empty() && authority.empty();
  }
};

} // namespace nnactor
