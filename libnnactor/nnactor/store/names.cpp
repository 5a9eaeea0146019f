#include "nnactor/store/names.hpp"

#include <fmt/format.h>

#include <charconv>
#include <random>

namespace nnactor {

namespace {

constexpr std::string_view epoch_prefix = "epoch.";
constexpr std::string_view manifest_prefix = "manifest.";
constexpr std::string_view temporary_prefix = "temporary.";
constexpr std::string_view run_prefix = "run.";
constexpr std::string_view probe_prefix = "probe.";
constexpr std::string_view hexadecimal = "0123456789abcdef";

std::optional<uint64_t> parse_number(std::string_view digits) {
  uint64_t number = 0;
  auto* end = digits.data() + digits.size();
  auto [rest, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || rest != end || digits.empty())
    return std::nullopt;
  return number;
}

// Takes the part before the next dot off `text`; nothing if there is no dot.
std::optional<std::string_view> take_part(std::string_view& text) {
  auto dot = text.find('.');
  if (dot == std::string_view::npos)
    return std::nullopt;
  auto part = text.substr(0, dot);
  text.remove_prefix(dot + 1);
  return part;
}

std::optional<uint64_t> parse_prefixed(std::string_view name,
                                       std::string_view prefix) {
  if (!name.starts_with(prefix))
    return std::nullopt;
  return parse_number(name.substr(prefix.size()));
}

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == ':';
}

} // namespace

std::string epoch_file(uint64_t epoch) {
  return fmt::format("{}{}", epoch_prefix, epoch);
}

std::optional<uint64_t> parse_epoch_file(std::string_view name) {
  auto epoch = parse_prefixed(name, epoch_prefix);
  return epoch && epoch_file(*epoch) == name ? epoch : std::nullopt;
}

std::string manifest_file(uint64_t generation) {
  return fmt::format("{}{:06}", manifest_prefix, generation);
}

std::optional<uint64_t> parse_manifest_file(std::string_view name) {
  auto generation = parse_prefixed(name, manifest_prefix);
  return generation && manifest_file(*generation) == name ? generation
                                                          : std::nullopt;
}

std::string generation_folder(uint64_t generation) {
  return fmt::format("{:06}", generation);
}

std::optional<uint64_t> parse_generation_folder(std::string_view name) {
  auto generation = parse_number(name);
  return generation && generation_folder(*generation) == name ? generation
                                                              : std::nullopt;
}

std::string slice_file(uint64_t epoch, std::string_view node,
                       std::string_view nonce) {
  std::string plain{node.empty() ? "node" : node};
  for (auto& c : plain)
    c = is_plain(c) ? c : '_';
  return fmt::format("{}.{}.{}", epoch, plain, nonce);
}

std::optional<uint64_t> parse_slice_file(std::string_view name) {
  auto rest = name;
  auto epoch = take_part(rest);
  auto node = take_part(rest);
  if (!epoch || !node)
    return std::nullopt;
  auto number = parse_number(*epoch);
  return number && slice_file(*number, *node, rest) == name ? number
                                                            : std::nullopt;
}

std::string temporary_manifest(uint64_t epoch, uint64_t generation,
                               std::string_view nonce) {
  return fmt::format("{}{}.{:06}.{}", temporary_prefix, epoch, generation,
                     nonce);
}

std::optional<temporary_name> parse_temporary_manifest(std::string_view name) {
  if (!name.starts_with(temporary_prefix))
    return std::nullopt;
  auto rest = name.substr(temporary_prefix.size());
  auto epoch = take_part(rest);
  auto generation = take_part(rest);
  if (!epoch || !generation)
    return std::nullopt;
  auto epoch_number = parse_number(*epoch);
  auto generation_number = parse_number(*generation);
  if (!epoch_number || !generation_number
      || temporary_manifest(*epoch_number, *generation_number, rest) != name)
    return std::nullopt;
  return temporary_name{*epoch_number, *generation_number};
}

std::string run_file(uint64_t epoch) {
  return fmt::format("{}{}", run_prefix, epoch);
}

std::optional<uint64_t> parse_run_file(std::string_view name) {
  auto epoch = parse_prefixed(name, run_prefix);
  return epoch && run_file(*epoch) == name ? epoch : std::nullopt;
}

std::string probe_file(std::string_view nonce) {
  return fmt::format("{}{}", probe_prefix, nonce);
}

bool is_probe_file(std::string_view name) {
  return name.starts_with(probe_prefix) && name.size() > probe_prefix.size()
         && name.find_first_not_of(hexadecimal, probe_prefix.size())
                == std::string_view::npos;
}

std::string in_folder(std::string_view folder, std::string_view name) {
  return folder.ends_with('/') ? fmt::format("{}{}", folder, name)
                               : fmt::format("{}/{}", folder, name);
}

bool is_safe_relative(std::string_view path) {
  for (;;) {
    auto slash = path.find('/');
    auto part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".."
        || part.find('\0') != std::string_view::npos)
      return false;
    if (slash == std::string_view::npos)
      return true;
    path.remove_prefix(slash + 1);
  }
}

std::string random_name(size_t bytes) {
  std::random_device source;
  std::string name;
  for (size_t i = 0; i < bytes; ++i)
    name += fmt::format("{:02x}", source() & 0xff);
  return name;
}

} // namespace nnactor
