#pragma once

#include "nnactor/store/failpoint.hpp"
#include "nnactor/store/filesystem.hpp"

#include <functional>
#include <string>

namespace nnactor {

/// Makes a name from a nonce.
using naming = std::function<std::string(const std::string& nonce)>;

/// Writes the content of a new file; may be called again for another file.
using filling = std::function<caf::error(filesystem::writer&)>;

/// What is reached on the way, see `failpoint`.
struct file_failpoints {
  failpoint created;
  failpoint written;
  failpoint synced;
  failpoint named;
};

/// Creates a file in `folder`, fills it, makes it and its name durable, and
/// returns its name within the folder. After an error the file is removed and
/// written anew once under another nonce: what was written before a failed
/// sync may be lost although the next sync succeeds.
result<std::string> write_new_file(filesystem& fs, const std::string& folder,
                                   const naming& name, const filling& fill,
                                   const file_failpoints& way);

} // namespace nnactor
