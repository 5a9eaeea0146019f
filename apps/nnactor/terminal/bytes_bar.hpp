#pragma once

#include "terminal/console.hpp"
#include "terminal/pace.hpp"
#include "terminal/progress_bar.hpp"

#include <string>

namespace nnactor {

/// How reading goes: a bar with rate and time left on a terminal, elsewhere a
/// line now and then.
class bytes_bar {
public:
  /// @param doing Begins the line, for example "read".
  bytes_bar(console screen, std::string doing);

  void update(uint64_t bytes, uint64_t of);

  /// Makes room for other output.
  void erase() {
    bar_.erase();
  }

private:
  std::vector<std::string> fields(uint64_t bytes, uint64_t of) const;

  console screen_;
  std::string doing_;
  progress_bar bar_;
  pace pace_;
  console::clock::time_point line_at_;
};

} // namespace nnactor
