#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace nnactor {

/// Why something failed. Codes select an exit status and tests; the sentence
/// a person reads travels with the error, see `fail`.
enum class ec : uint8_t {
  none = 0,
  invalid_config,
  invalid_argument,
  invalid_data,
  invalid_network,
  invalid_partition,
  port_in_use,
  unreachable,
  node_lost,
  protocol_violation,
  timeout,
  store_unwritable,
  store_missing,
  store_corrupt,
  diverged,
  device_failure,
  internal,
  store_taken, ///< Another coordinator has the store now.
  refused,     ///< Whoever answers, one of both sides does not want the other.
  count_,      ///< Number of codes, never used as one.
};

/// Returns the description of a code, for example "invalid configuration".
const char* to_string(ec code);

/// Lets CAF build an error from a bare code.
caf::error make_error(ec code);

/// Builds an error that carries one sentence: what, where, what to do.
caf::error make_error(ec code, std::string sentence);

/// A value, or the error that says why there is none.
template <class T>
using result = caf::expected<T>;

/// Formats the sentence of an error in place:
/// `return fail(ec::invalid_data, "{}: no such file", path);`
template <class... Ts>
caf::error fail(ec code, fmt::format_string<Ts...> format, Ts&&... xs) {
  return make_error(code, fmt::format(format, std::forward<Ts>(xs)...));
}

/// Returns the code of an error. Of those that CAF makes, a request that was
/// not answered in time is `ec::timeout`, one to an actor that ended is
/// `ec::node_lost`, any other is `ec::internal`.
ec code_of(const caf::error& what);

/// Returns the one line that a user reads for any error.
std::string explain(const caf::error& what);

/// Prefixes the sentence of an error with the place it was met.
caf::error within(const std::string& place, const caf::error& what);

} // namespace nnactor
