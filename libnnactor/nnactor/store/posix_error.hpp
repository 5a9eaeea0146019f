#pragma once

#include "nnactor/error.hpp"

#include <string>

namespace nnactor {

/// Builds the error of a system call that failed with `number` (an errno
/// value): the path, what was tried, the system's reason and what to do about
/// it. Code is `ec::store_unwritable`.
caf::error write_failure(const std::string& path, const char* attempt,
                         int number);

/// The same for reading: `ec::store_missing` where the path is not there or
/// may not be opened, `ec::store_corrupt` where the storage fails.
caf::error read_failure(const std::string& path, const char* attempt,
                        int number);

/// Builds the error of a read beyond the end of a file of `size` bytes; `count`
/// bytes from `offset` on are not there. Code is `ec::store_corrupt`.
caf::error too_short(const std::string& path, uint64_t size, uint64_t offset,
                     uint64_t count);

} // namespace nnactor
