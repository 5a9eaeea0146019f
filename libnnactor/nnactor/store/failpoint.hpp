#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// The moments of the commit protocol at which a process may die. Setting
/// NNACTOR_FAILPOINT to the name of one, or to NAME:N for the N-th time that it
/// is reached, ends the process there as kill -9 does. Off, it costs a load and
/// a comparison.
enum class failpoint : uint8_t {
  epoch_claimed,
  slices_created,
  slices_written,
  slices_synced,
  slices_named,
  manifest_created,
  manifest_written,
  manifest_synced,
  manifest_named,
  manifest_linked,
  commit_durable,
  garbage_collected,
  count_, ///< Number of failpoints, never one of them.
};

const char* to_string(failpoint at);

/// A failpoint for people: its name and what has happened when it is reached.
struct failpoint_description {
  std::string name;
  std::string what;
};

/// All of them, in the order of the protocol.
std::vector<failpoint_description> all_failpoints();

/// Checks what NNACTOR_FAILPOINT says; a misspelt name would test nothing.
caf::error check_failpoint();

/// Ends the process here if somebody wants that.
void reach(failpoint at) noexcept;

} // namespace nnactor
