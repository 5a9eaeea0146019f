#pragma once

#include "nnactor/error.hpp"

#include <string>
#include <string_view>

namespace nnactor {

/// Whether a file begins as those do that Git LFS leaves in place of large ones
/// (its specification: github.com/git-lfs/git-lfs, "docs/spec.md").
inline bool is_lfs_pointer(std::string_view text) {
  return text.starts_with("version https://git-lfs.github.com/spec/v1\n");
}

/// Says so, and what to do.
inline caf::error lfs_pointer(const std::string& path, ec code) {
  return fail(code,
              "{}: is a pointer of Git LFS, not the file itself; fetch that "
              "with `git lfs pull`",
              path);
}

} // namespace nnactor
