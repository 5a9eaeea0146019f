#include "terminal/options.hpp"

#include "terminal/format.hpp"
#include "terminal/output.hpp"

#include "nnactor/utf8.hpp"

#include <charconv>
#include <cmath>
#include <sstream>

#include <fmt/format.h>

namespace nnactor {

namespace {

/// Parses all of a text as a number.
template <class T>
bool parse(const std::string& from, T& into) {
  auto* end = from.data() + from.size();
  auto [rest, failure] = std::from_chars(from.data(), end, into);
  return failure == std::errc{} && rest == end;
}

/// What stands behind the name of an option or a command.
std::string beside(size_t name, const std::string& description) {
  auto screen = output_columns();
  auto columns = screen == SIZE_MAX ? 80 : std::max(screen, 2 * name);
  return fmt::format("{}",
                     fmt::join(wrapped(description, columns - name), "\n"));
}

} // namespace

std::string help_format::make_option_desc(const CLI::Option* option) const {
  return beside(column_width_, option->get_description());
}

std::string help_format::make_subcommand(const CLI::App* command) const {
  std::ostringstream out;
  CLI::detail::format_help(out, command->get_display_name(true),
                           beside(column_width_, command->get_description()),
                           column_width_);
  return out.str();
}

CLI::Validator whole_number(uint64_t least, uint64_t most) {
  auto range = fmt::format("{} to {}", format_count(least), format_count(most));
  auto check = [=](std::string& given) -> std::string {
    uint64_t number = 0;
    if (!parse(given, number) || number < least || number > most)
      return fmt::format("'{}' is not a whole number from {}", given, range);
    // The library takes a leading zero for another base.
    given = fmt::format("{}", number);
    return {};
  };
  // Help need not say what nobody reaches.
  return {check, most < INT64_MAX ? range : ""};
}

CLI::Validator real_number(double least, double most) {
  auto range = fmt::format("{} to {}", least, most);
  auto check = [=](std::string& given) -> std::string {
    double number = 0;
    auto good = parse(given, number) && std::isfinite(number);
    return good && number >= least && number <= most
               ? std::string{}
               : fmt::format("'{}' is not a number from {}", given, range);
  };
  return {check, range};
}

CLI::Validator address_form(port_zero zero) {
  auto read = [zero](std::string& text) {
    auto where = parse_address(text, zero);
    if (!where)
      return explain(where.error());
    text = to_string(*where);
    return std::string{};
  };
  return {read, ""};
}

CLI::Validator utf8_text() {
  auto check = [](std::string& given) -> std::string {
    std::string problem;
    for_each_code_point(given, [&](uint32_t point, size_t offset) {
      if (point == no_code_point)
        problem = fmt::format("byte {} of '{}' is not UTF-8", offset, given);
      return problem.empty();
    });
    return problem;
  };
  return {check, ""};
}

} // namespace nnactor
