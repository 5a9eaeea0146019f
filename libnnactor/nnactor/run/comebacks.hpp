#pragma once

#include "nnactor/error.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace nnactor {

/// When to look whether nodes that were lost answer again. The longer one says
/// nothing, the rarer; and one that is lost again soon after it came back has
/// to stay away for longer each time, for every loss costs the others work.
class comebacks {
public:
  using time = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// The node at an address was lost.
  void lose(const std::string& address, time now);

  /// It serves again.
  void take_back(const std::string& address, time now);

  /// Nobody wants it back.
  void forget(const std::string& address);

  /// The address that is due to be asked, if there is one.
  std::optional<std::string> due(time now) const;

  /// It did not answer.
  void miss(const std::string& address, time now);

  /// It answered that it cannot come. Returns whether that reason is news.
  bool refuse(const std::string& address, ec why, time now);

private:
  struct entry {
    bool lost = false;
    time next;         ///< When to ask.
    duration pause;    ///< Before the next question.
    duration away;     ///< Least time that it had to stay away.
    time since;        ///< When it came back.
    ec why = ec::none; ///< It could not come.
  };

  std::map<std::string, entry> all_;
};

} // namespace nnactor
