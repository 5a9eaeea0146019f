#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/error.hpp"
#include "nnactor/partition/transformer.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// A transformer on many equal devices, two ways to split it and what somebody
/// says of them; see configs/papers/README.md.
struct transformer_case {
  struct candidate {
    parallel_layout how;
    double claimed_tokens_per_s = 0;
  };

  transformer_shape shape;
  transformer_load load;
  double claimed_parameters = 0;
  std::string device_name;
  device_model device; ///< Its efficiency is that of prefill.
  uint64_t devices = 0;
  double cache_share = 0.75;
  double bandwidth = 0;          ///< Of links, bytes a second.
  std::vector<double> latencies; ///< Seconds.
  candidate proposed;
  candidate baseline;
};

/// Whether a config describes such a case and no experiment.
bool is_transformer_case(const std::string& text);

/// Fails with `ec::invalid_config` and the place, as `parse_experiment` does.
result<transformer_case>
parse_transformer_case(const std::string& text, const std::string& name,
                       const std::vector<override_text>& overrides = {});

/// Every key that such a config may have, by section.
std::vector<std::string> transformer_keys();

} // namespace nnactor
