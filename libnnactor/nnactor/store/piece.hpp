#pragma once

#include "nnactor/store/filesystem.hpp"
#include "nnactor/store/manifest.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nnactor {

/// Returns the bytes of piece `index` of a slice, a MiB but for the last.
/// @pre `index < piece_count(what.length)`
uint64_t piece_length(const slice& what, uint64_t index);

/// Reads piece `index` of a slice into `into`, which is resized to fit. Fails
/// with `ec::store_missing`, or with `ec::store_corrupt` where the file ends
/// too early or the bytes do not match their CRC-32C.
caf::error read_piece(filesystem& fs, const std::string& folder,
                      const slice& what, uint64_t index,
                      std::vector<std::byte>& into);

} // namespace nnactor
