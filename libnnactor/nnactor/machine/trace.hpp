#pragma once

#include "nnactor/error.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

/// What the threads of a run do, written down while they do it: where its time
/// goes. Off unless somebody begins it; then a record is two looks at the clock
/// and 64 bytes.
namespace nnactor::trace {

enum class activity : uint8_t {
  computing, ///< A block on a device, or the driver's part of a batch.
  waiting,   ///< A core has nothing to do.
  sending,   ///< Tensors are cut, sent, and put together.
};

/// From now on this process, and every one that it starts, writes into files
/// of a folder, one a thread; empty: no more. They are whole even if the
/// process is killed. Until somebody calls this, the folder is that of the
/// variable NNACTOR_TRACE, by which the processes that it starts learn of it.
/// @pre no other thread runs; threads that have written go on in their files
void begin(const std::string& folder);

/// Something that a thread has done.
struct record {
  uint64_t begin_ns = 0; ///< Of a clock that all processes of a machine share.
  uint64_t end_ns = 0;
  uint64_t of = 0; ///< Which group, if any.
  activity what = activity::computing;
  char name[39] = {};
};

struct thread_records {
  uint64_t process = 0;
  uint64_t thread = 0;
  std::vector<record> records;
};

/// Reads what is in a folder, by process and thread.
result<std::vector<thread_records>> read(const std::string& folder);

/// Records what its thread does while it lives.
class span {
public:
  /// @param name With static storage duration.
  span(activity what, const char* name, uint64_t of = 0);
  ~span();

  span(const span&) = delete;
  span& operator=(const span&) = delete;

private:
  const char* name_; ///< Null where nobody traces.
  uint64_t of_;
  uint64_t begin_ = 0;
  activity what_;
};

} // namespace nnactor::trace
