#pragma once

#include <string>
#include <vector>

namespace nnactor {

/// The words that this process was started with, the program first.
std::vector<std::string> words_of_this_process();

/// Returns a line for a shell that starts `nnactor run` once more as `words`
/// did: from what is saved by then, or (not `resumed`) from the beginning.
std::string line_to_go_on(std::vector<std::string> words, bool resumed);

} // namespace nnactor
