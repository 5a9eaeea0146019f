#include "nnactor/error.hpp"

#include <caf/atom.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <iterator>

namespace nnactor {

namespace {

constexpr const char* descriptions[] = {
    "no error",          "invalid configuration",
    "invalid argument",  "invalid data",
    "invalid network",   "invalid partition",
    "port in use",       "unreachable",
    "node lost",         "protocol violation",
    "timeout",           "store not writable",
    "store missing",     "store damaged",
    "training diverged", "device failure",
    "internal error",    "store taken over",
};

static_assert(std::size(descriptions) == static_cast<size_t>(ec::count_));

constexpr auto category = caf::atom("nnactor");

} // namespace

const char* to_string(ec code) {
  auto index = static_cast<size_t>(code);
  return index < std::size(descriptions) ? descriptions[index]
                                         : "unknown error";
}

caf::error make_error(ec code) {
  return make_error(code, to_string(code));
}

caf::error make_error(ec code, std::string sentence) {
  return {static_cast<uint8_t>(code), category,
          caf::make_message(std::move(sentence))};
}

ec code_of(const caf::error& what) {
  if (!what)
    return ec::none;
  if (what == caf::sec::request_timeout)
    return ec::timeout;
  if (what == caf::sec::request_receiver_down)
    return ec::node_lost;
  if (what.category() != category)
    return ec::internal;
  return static_cast<ec>(what.code());
}

std::string explain(const caf::error& what) {
  if (!what)
    return to_string(ec::none);
  if (what.category() == category) {
    if (what.context().match_elements<std::string>())
      return what.context().get_as<std::string>(0);
    return to_string(static_cast<ec>(what.code()));
  }
  if (what == caf::sec::request_timeout)
    return "no answer in time";
  if (what == caf::sec::request_receiver_down)
    return "ended before it answered";
  auto name = what.category() == caf::atom("system")
                  ? to_string(static_cast<caf::sec>(what.code()))
                  : caf::to_string(what.category()) + " error "
                        + std::to_string(what.code());
  return what.context().empty() ? name
                                : name + " " + caf::to_string(what.context());
}

caf::error within(const std::string& place, const caf::error& what) {
  return make_error(code_of(what), place + ": " + explain(what));
}

} // namespace nnactor
