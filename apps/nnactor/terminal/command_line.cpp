#include "terminal/command_line.hpp"

#include "terminal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace nnactor {

std::vector<std::string> words_of_this_process() {
  std::ifstream in{"/proc/self/cmdline", std::ios::binary};
  std::vector<std::string> out;
  for (std::string word; std::getline(in, word, '\0');)
    out.push_back(word);
  return out;
}

std::string line_to_go_on(std::vector<std::string> words, bool resumed) {
  // What was overwritten is gone by then.
  if (resumed)
    std::erase(words, "--overwrite");
  if (resumed && std::ranges::find(words, "--resume") == words.end())
    words.emplace_back("--resume");
  for (auto& word : words)
    word = shell_word(word);
  return fmt::format("{}", fmt::join(words, " "));
}

} // namespace nnactor
