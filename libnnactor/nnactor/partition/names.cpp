#include "nnactor/enum_names.hpp"
#include "nnactor/partition/distribution.hpp"

namespace nnactor {

namespace {

constexpr enum_names<mechanism, 11> mechanisms{
    {"even", "percentage", "count", "ids", "layers", "types", "capacity",
     "connectivity", "layerwise", "megatron", "auto"}};

constexpr enum_names<pick, 3> picks{{"begin", "end", "random"}};

} // namespace

const char* to_string(mechanism how) {
  return mechanisms.name_of(how);
}

const char* to_string(pick from) {
  return picks.name_of(from);
}

std::optional<mechanism> mechanism_from(std::string_view name) {
  return mechanisms.value_of(name);
}

std::optional<pick> pick_from(std::string_view name) {
  return picks.value_of(name);
}

std::vector<std::string> mechanism_names() {
  return mechanisms.all();
}

std::vector<std::string> pick_names() {
  return picks.all();
}

} // namespace nnactor
