#include "terminal/line_editor.hpp"

#include "terminal/state_folder.hpp"

#include <boost/filesystem.hpp>

#include <cstdlib>
#include <cstring>

#include <editline/readline.h>
#include <sys/stat.h>

namespace nnactor {

namespace {

constexpr int longest_history = 1000;

// The library has no place for what a call of its own should know.
line_editor::completion next_words_of;
std::vector<std::string> matches;

std::string history_file() {
  auto folder = state_folder();
  if (folder.empty())
    return {};
  boost::system::error_code ignored;
  boost::filesystem::create_directories(folder, ignored);
  return folder + "/history";
}

// The library calls this until it returns null; its results are freed there.
char* next_match(const char*, int index) {
  auto i = static_cast<size_t>(index);
  return i < matches.size() ? strdup(matches[i].c_str()) : nullptr;
}

char** complete(const char* word, int start, int) {
  rl_attempted_completion_over = 1;
  matches = next_words_of(
      std::string_view{rl_line_buffer}.substr(0, static_cast<size_t>(start)));
  std::erase_if(matches, [word](auto& x) { return !x.starts_with(word); });
  return rl_completion_matches(word, next_match);
}

} // namespace

line_editor::line_editor(completion next) : history_(history_file()) {
  next_words_of = std::move(next);
  rl_readline_name = const_cast<char*>("nnactor");
  using_history();
  rl_attempted_completion_function = complete;
  stifle_history(longest_history);
  if (!history_.empty())
    read_history(history_.c_str());
}

line_editor::~line_editor() {
  next_words_of = nullptr;
}

// At once: a shell may be ended at any time.
void line_editor::keep(const std::string& line) {
  add_history(line.c_str());
  if (history_.empty())
    return;
  auto mask = ::umask(S_IRWXG | S_IRWXO);
  write_history(history_.c_str());
  ::umask(mask);
  ::chmod(history_.c_str(), S_IRUSR | S_IWUSR);
}

std::optional<std::string> line_editor::read(const std::string& prompt) {
  auto* line = readline(prompt.c_str());
  if (line == nullptr)
    return std::nullopt;
  auto out = std::string{line};
  std::free(line);
  if (out.find_first_not_of(" \t") != std::string::npos)
    keep(out);
  return out;
}

} // namespace nnactor
