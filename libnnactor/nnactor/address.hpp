#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <string>

namespace nnactor {

/// An address HOST:PORT in its parts.
struct host_port {
  std::string host; ///< A name, or numbers; those of IPv6 without brackets.
  uint16_t port = 0;

  bool operator==(const host_port&) const = default;
};

/// Whether an address may have port 0, which is any port that is free.
enum class port_zero : bool { refused, any };

/// Reads HOST:PORT, with the numbers of IPv6 in brackets. All addresses that
/// people write come through here; the same host is the same text afterwards.
/// Fails with `ec::invalid_argument`: what is wrong and how it is written.
result<host_port> parse_address(const std::string& text,
                                port_zero zero = port_zero::refused);

/// Writes an address so that `parse_address` reads the same.
std::string to_string(const host_port& what);

/// Whether only this machine can reach that host: of names, "localhost" alone.
bool is_loopback(const std::string& host);

} // namespace nnactor
