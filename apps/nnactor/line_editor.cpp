#include "line_editor.hpp"

#include "nnactor/shell/command.hpp"

#include <boost/filesystem.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <editline/readline.h>

namespace nnactor {

namespace {

constexpr int longest_history = 1000;

std::string history_file() {
  auto* xdg = std::getenv("XDG_STATE_HOME");
  auto* home = std::getenv("HOME");
  if (xdg == nullptr && home == nullptr)
    return {};
  auto folder =
      xdg != nullptr ? std::string{xdg} : std::string{home} + "/.local/state";
  boost::system::error_code ignored;
  boost::filesystem::create_directories(folder + "/nnactor", ignored);
  return folder + "/nnactor/history";
}

// The library calls this until it returns null; its results are freed there.
char* next_match(const char* word, int state) {
  static size_t index;
  if (state == 0)
    index = 0;
  auto& all = all_commands();
  for (; index < all.size(); ++index) {
    auto repeated =
        index > 0 && std::strcmp(all[index].name, all[index - 1].name) == 0;
    if (!repeated
        && std::strncmp(all[index].name, word, std::strlen(word)) == 0)
      return strdup(all[index++].name);
  }
  return nullptr;
}

char** complete(const char* word, int start, int) {
  rl_attempted_completion_over = 1;
  return start == 0 ? rl_completion_matches(word, next_match) : nullptr;
}

} // namespace

line_editor::line_editor() : history_(history_file()) {
  rl_readline_name = const_cast<char*>("nnactor");
  using_history();
  rl_attempted_completion_function = complete;
  stifle_history(longest_history);
  if (!history_.empty())
    read_history(history_.c_str());
}

line_editor::~line_editor() {
  if (!history_.empty())
    write_history(history_.c_str());
}

std::optional<std::string> line_editor::read(const std::string& prompt) {
  auto* line = readline(prompt.c_str());
  if (line == nullptr)
    return std::nullopt;
  auto out = std::string{line};
  std::free(line);
  if (out.find_first_not_of(" \t") != std::string::npos)
    add_history(out.c_str());
  return out;
}

} // namespace nnactor
