#pragma once

#include "nnactor/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// The content of an IDX file of unsigned bytes, the format in which MNIST is
/// distributed: two zero bytes, the type 0x08, the number of dimensions, each
/// dimension as a big-endian 32-bit number, the values row-major.
struct idx_array {
  std::vector<uint32_t> dimensions; ///< At least one, each at least 1.
  std::vector<uint8_t> values;

  /// Values per element of the first dimension.
  size_t stride() const {
    return values.size() / dimensions.front();
  }
};

/// Reads an IDX file, compressed by gzip or plain. Fails with
/// `ec::invalid_data` on a file that is missing, of another format, damaged,
/// shorter than its dimensions say, or longer.
result<idx_array> read_idx(const std::string& path);

} // namespace nnactor
