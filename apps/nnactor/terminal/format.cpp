#include "terminal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

namespace nnactor {

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Bytes of the well-formed UTF-8 character that `text` begins with, 0 if it
// begins with anything else (RFC 3629, section 4).
size_t character_at(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  auto lead = byte(0);
  if (lead < 0x80)
    return 1;
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i]))
      return 0;
  auto too_long =
      (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  auto surrogate = lead == 0xed && byte(1) > 0x9f;
  auto too_high = lead == 0xf4 && byte(1) > 0x8f;
  return too_long || surrogate || too_high ? 0 : length;
}

// C0, DEL and C1; the last are two bytes of UTF-8.
bool is_control(std::string_view character) {
  auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

std::string escape(std::string_view bytes) {
  if (bytes == "\t")
    return "\\t";
  if (bytes == "\r")
    return "\\r";
  if (bytes == "\f")
    return "\\f";
  std::string out;
  for (auto c : bytes)
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

} // namespace

std::string format_bytes(uint64_t bytes) {
  constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000)
    return fmt::format("{} bytes", bytes);
  auto value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  // What would round to "1000.0" is 1.0 of the next unit.
  for (; value >= 999.95 && unit + 1 < std::size(units); ++unit)
    value /= 1000;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string format_binary(uint64_t bytes) {
  constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  // What would round to "1024.0" is 1 of the next unit.
  for (; value >= 1023.95 && unit + 1 < std::size(units); ++unit)
    value /= 1024;
  auto text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0"))
    text.resize(text.size() - 2);
  return text + " " + units[unit];
}

std::string format_loss(double loss) {
  auto size = std::abs(loss);
  if (std::isnan(loss))
    return "nan";
  if (!std::isfinite(loss) || loss == 0)
    return fmt::format("{}", loss);
  if (size < 0.001 || size >= 100000)
    return fmt::format("{:.3e}", loss);
  return fmt::format("{:.{}f}", loss, size < 10 ? 4 : size < 100 ? 3 : 1);
}

std::string format_decimal(double value, int digits) {
  if (!std::isfinite(value))
    return "?";
  auto text = fmt::format("{:.{}f}", value, digits);
  auto first = static_cast<ptrdiff_t>(text.find_first_of("0123456789"));
  auto point = static_cast<ptrdiff_t>(std::min(text.find('.'), text.size()));
  for (auto i = point - 3; i > first; i -= 3)
    text.insert(static_cast<size_t>(i), 1, ',');
  return text;
}

std::string format_rate(double per_second) {
  if (!std::isfinite(per_second) || per_second < 0)
    return "-";
  if (per_second >= 999.5)
    return per_second < 1e15
               ? format_count(static_cast<uint64_t>(std::llround(per_second)))
               : fmt::format("{:.2e}", per_second);
  auto digits = per_second < 1 ? 3 : per_second < 10 ? 2 : per_second < 100;
  return fmt::format("{:.{}f}", per_second, static_cast<int>(digits));
}

std::string format_duration(std::chrono::duration<double> time) {
  auto exact = time.count();
  if (!std::isfinite(exact) || exact < 0 || exact > 1e9)
    return "-:--";
  auto seconds = std::llround(exact);
  if (seconds >= 2 * 86400)
    return fmt::format("{} days", (seconds + 43200) / 86400);
  if (seconds >= 3600)
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string cut(std::string_view text, size_t columns) {
  if (width_of(text) <= columns)
    return std::string{text};
  if (columns == 0)
    return {};
  size_t seen = 0, end = 0;
  for (; end < text.size(); ++end)
    if (!is_continuation(text[end]) && ++seen == columns)
      break;
  return std::string{text.substr(0, end)} + "~";
}

std::vector<std::string> wrapped(std::string_view text, size_t columns) {
  std::vector<std::string> out{{}};
  while (!text.empty()) {
    auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!out.back().empty()
        && width_of(out.back()) + 1 + width_of(word) > columns)
      out.emplace_back();
    out.back() += (out.back().empty() ? "" : " ") + std::string{word};
  }
  return out;
}

std::string fitted(std::string_view text, size_t columns) {
  if (text.size() <= columns)
    return std::string{text};
  std::string out;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    auto end = text.substr(line.size(), 1);
    text.remove_prefix(line.size() + end.size());
    auto blanks = std::min(line.find_first_not_of(' '), line.size());
    if (width_of(line) <= columns || blanks + 2 >= columns) {
      out += line;
    } else {
      std::string below = "\n" + std::string(blanks + 2, ' ');
      out += line.substr(0, blanks);
      out += fmt::format(
          "{}",
          fmt::join(wrapped(line.substr(blanks), columns - blanks - 2), below));
    }
    out += end;
  }
  return out;
}

std::string printable(std::string_view text) {
  auto plain = [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\n'; };
  if (std::all_of(text.begin(), text.end(), plain))
    return std::string{text};
  std::string out;
  while (!text.empty()) {
    auto length = character_at(text);
    auto character = text.substr(0, std::max<size_t>(length, 1));
    auto safe = length > 0 && (character == "\n" || !is_control(character));
    out += safe ? std::string{character} : escape(character);
    text.remove_prefix(character.size());
  }
  return out;
}

std::string printable_line(std::string_view text) {
  auto out = printable(text);
  for (size_t i = 0; (i = out.find('\n', i)) != std::string::npos;)
    out.replace(i, 1, "\\n");
  return out;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos)
    return text;
  std::string out = "\"";
  for (auto c : text)
    out += c == '"' ? std::string{"\"\""} : std::string(1, c);
  return out + "\"";
}

std::string xml_text(const std::string& text) {
  std::string out;
  for (auto c : printable(text))
    out += c == '&'   ? std::string{"&amp;"}
           : c == '<' ? std::string{"&lt;"}
           : c == '>' ? std::string{"&gt;"}
                      : std::string(1, c);
  return out;
}

std::string shell_word(const std::string& word) {
  auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0
           || std::string_view{"_-./:=@%+,"}.find(static_cast<char>(c))
                  != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain))
    return word;
  std::string out = "'";
  for (auto c : word)
    out += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
  return out + "'";
}

} // namespace nnactor
