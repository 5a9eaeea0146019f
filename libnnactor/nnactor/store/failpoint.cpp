#include "nnactor/store/failpoint.hpp"

#include "nnactor/nearest.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace nnactor {

namespace {

constexpr auto count = static_cast<size_t>(failpoint::count_);

constexpr std::array<std::pair<const char*, const char*>, count> descriptions{{
    {"epoch_claimed", "the epoch belongs to this coordinator"},
    {"slices_created", "the file of a node's slices has a name and no bytes"},
    {"slices_written", "all slices are written, nothing is synced"},
    {"slices_synced", "their file is synced and closed, its name is not"},
    {"slices_named", "the slices are durable, nobody knows of them"},
    {"manifest_created", "the manifest has a temporary name and no bytes"},
    {"manifest_written", "the manifest is written, not synced"},
    {"manifest_synced", "it is synced and closed, its temporary name is not"},
    {"manifest_named", "it is durable under its temporary name"},
    {"manifest_linked", "the generation is there, its name not yet durable"},
    {"commit_durable", "the generation is durable, its temporary name still "
                       "there"},
    {"garbage_collected", "older generations are removed"},
}};

/// What the environment asks for.
struct request {
  failpoint at = failpoint::count_;
  uint32_t times = 0;
};

/// Nothing if the text names no failpoint.
std::optional<request> parse(std::string_view text) {
  auto colon = text.find(':');
  auto name = text.substr(0, colon);
  request out{failpoint::count_, 1};
  for (size_t i = 0; i < count; ++i)
    if (name == descriptions[i].first)
      out.at = static_cast<failpoint>(i);
  if (colon != std::string_view::npos) {
    auto number = text.substr(colon + 1);
    const auto* last = number.data() + number.size();
    auto [end, failed] = std::from_chars(number.data(), last, out.times);
    if (failed != std::errc{} || end != last || out.times == 0)
      return std::nullopt;
  }
  return out.at == failpoint::count_ ? std::nullopt : std::optional{out};
}

const char* environment() {
  return std::getenv("NNACTOR_FAILPOINT");
}

/// Read before any thread begins.
const request armed = [] {
  const auto* text = environment();
  return (text == nullptr ? std::nullopt : parse(text)).value_or(request{});
}();

std::atomic<uint32_t> reached{0};

} // namespace

const char* to_string(failpoint at) {
  return at < failpoint::count_ ? descriptions[static_cast<size_t>(at)].first
                                : "unknown";
}

std::vector<failpoint_description> all_failpoints() {
  std::vector<failpoint_description> out;
  for (const auto& [name, what] : descriptions)
    out.push_back({name, what});
  return out;
}

caf::error check_failpoint() {
  const auto* text = environment();
  if (text == nullptr || parse(text))
    return caf::none;
  std::vector<std::string> names;
  for (const auto& [name, what] : descriptions)
    names.emplace_back(name);
  return fail(ec::invalid_argument,
              "NNACTOR_FAILPOINT={}: no such failpoint{}; see `nnactor model "
              "failpoints`",
              text, did_you_mean(text, names));
}

void reach(failpoint at) noexcept {
  if (at == armed.at && ++reached == armed.times)
    raise(SIGKILL);
}

} // namespace nnactor
