#include "nnactor/address.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

namespace nnactor {

namespace {

/// Of a name in the Domain Name System.
constexpr size_t longest_name = 253;

bool is_ipv4(const std::string& host) {
  in_addr numbers = {};
  return inet_pton(AF_INET, host.c_str(), &numbers) == 1;
}

bool is_ipv6(const std::string& host) {
  in6_addr numbers = {};
  return inet_pton(AF_INET6, host.c_str(), &numbers) == 1;
}

/// The one way to write a host: an address of IPv6 in its shortest form, names
/// in small letters.
std::string canonical(std::string host) {
  in6_addr numbers = {};
  char text[INET6_ADDRSTRLEN] = {};
  if (inet_pton(AF_INET6, host.c_str(), &numbers) == 1
      && inet_ntop(AF_INET6, &numbers, text, sizeof(text)) != nullptr)
    return text;
  for (auto& c : host)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return host;
}

/// Names are not looked up here; what only has digits and dots is none.
bool is_host(const std::string& host) {
  constexpr auto digits = "0123456789.";
  constexpr auto letters = "0123456789.-_"
                           "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (host.empty() || host.size() > longest_name)
    return false;
  if (host.find_first_not_of(digits) == std::string::npos)
    return is_ipv4(host);
  return host.find_first_not_of(letters) == std::string::npos
         && host.front() != '-' && host.front() != '.';
}

std::optional<uint16_t> read_port(const std::string& text, port_zero zero) {
  uint16_t out = 0;
  auto* last = text.data() + text.size();
  auto [end, failed] = std::from_chars(text.data(), last, out);
  if (failed != std::errc{} || end != last
      || (out == 0 && zero == port_zero::refused))
    return std::nullopt;
  return out;
}

caf::error not_an_address(const std::string& text, const std::string& why) {
  return fail(ec::invalid_argument,
              "'{}' is not an address: {}; write HOST:PORT, for example "
              "10.0.0.5:4700 or [fd00::5]:4700",
              text, why);
}

} // namespace

result<host_port> parse_address(const std::string& text, port_zero zero) {
  auto wrong = [&](const std::string& why) {
    return not_an_address(text, why);
  };
  if (text.empty())
    return wrong("it is empty");
  if (is_ipv6(text))
    return wrong("it has no port, and IPv6 goes into brackets");
  auto bracketed = text.front() == '[';
  auto end = bracketed ? text.find(']') : text.rfind(':');
  if (bracketed && end == std::string::npos)
    return wrong("the bracket is not closed");
  auto colon = bracketed ? end + 1 : end;
  if (colon >= text.size())
    return wrong("it has no port");
  auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (host.empty())
    return wrong("it has no host");
  if (bracketed ? !is_ipv6(host) : !is_host(host))
    return wrong(fmt::format("'{}' is not {}", host,
                             bracketed ? "an address of IPv6" : "a host"));
  auto port = text[colon] == ':' ? read_port(text.substr(colon + 1), zero)
                                 : std::nullopt;
  if (!port)
    return wrong(fmt::format("its port must be a number from {} to 65535",
                             zero == port_zero::any ? 0 : 1));
  return host_port{canonical(host), *port};
}

std::string to_string(const host_port& what) {
  return is_ipv6(what.host) ? fmt::format("[{}]:{}", what.host, what.port)
                            : fmt::format("{}:{}", what.host, what.port);
}

bool is_loopback(const std::string& host) {
  in_addr v4 = {};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1)
    return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

} // namespace nnactor
