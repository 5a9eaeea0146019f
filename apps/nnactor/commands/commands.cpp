#include "commands/commands.hpp"

#include "terminal/output.hpp"

namespace nnactor {

int finish(const caf::error& what) {
  if (!what)
    return 0;
  warn(explain(what));
  switch (code_of(what)) {
  case ec::node_lost:
  case ec::timeout:
  case ec::store_taken:
  case ec::diverged:
  case ec::device_failure:
  case ec::internal:
    return 1;
  default:
    return 2;
  }
}

int finish_job(const caf::error& what) {
  return finish(what) == 0 ? 0 : 1;
}

} // namespace nnactor
