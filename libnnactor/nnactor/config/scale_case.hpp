#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/partition/transformer.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// Transformers on more and more equal servers; see configs/papers/README.md.
struct scale_case {
  struct named_shape {
    std::string name;
    transformer_shape shape;
  };
  struct named_network {
    std::string name;
    link_model between; ///< Servers.
  };

  std::vector<uint64_t> servers;
  transformer_load load; ///< Sequences at most.
  std::string device_name;
  device_model device;
  server_model server; ///< `between` is that of a network.
  std::vector<named_network> networks;
  std::vector<named_shape> shapes;
};

/// Whether a config describes such a case and no experiment.
bool is_scale_case(const std::string& text);

/// Fails with `ec::invalid_config` and the place, as `parse_experiment` does.
result<scale_case>
parse_scale_case(const std::string& text, const std::string& name,
                 const std::vector<override_text>& overrides = {});

/// Every key that such a config may have, by section.
std::vector<std::string> scale_keys();

} // namespace nnactor
