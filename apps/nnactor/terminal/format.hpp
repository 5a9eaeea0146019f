#pragma once

#include "nnactor/counting.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// "512 bytes", "12.3 kB", "4.0 GB"; a kB is 1000 bytes.
std::string format_bytes(uint64_t bytes);

/// "16 KiB", "1.5 MiB", "23.6 GiB": as caches and memories are measured.
std::string format_binary(uint64_t bytes);

/// Four significant digits of a loss: "2.3460", "12.346", "1.235e+06"; "nan"
/// has no sign.
std::string format_loss(double loss);

/// "1,234.50": that many digits behind the point; "?" for what is not finite.
std::string format_decimal(double value, int digits);

/// A rate with about three significant digits: "0.251", "12.3", "4,210".
std::string format_rate(double per_second);

/// "0:07", "12:31", "3:02:11", "4 days"; negative or not finite: "-:--".
std::string format_duration(std::chrono::duration<double> time);

/// Returns the columns that a terminal uses for UTF-8 text, one a character.
size_t width_of(std::string_view text);

/// Returns the first characters of UTF-8 text that fit into `columns`; where
/// something is cut off, the last of them is a '~'.
std::string cut(std::string_view text, size_t columns);

/// Breaks text between words into lines of at most `columns`, where that can
/// be.
std::vector<std::string> wrapped(std::string_view text, size_t columns);

/// Breaks those lines of a text that are longer than `columns`; what is below
/// them stands two columns further to the right.
std::string fitted(std::string_view text, size_t columns);

/// Makes text of unknown origin safe to show: control characters other than a
/// line feed, and bytes that are not UTF-8, become escapes such as "\x1b".
std::string printable(std::string_view text);

/// The same for what belongs on one line: line feeds become "\\n", too.
std::string printable_line(std::string_view text);

/// Quotes a cell of a CSV file, if it needs that (RFC 4180).
std::string csv_cell(const std::string& text);

/// Escapes what has a meaning in XML.
std::string xml_text(const std::string& text);

/// Quotes a word for a shell, if it needs that.
std::string shell_word(const std::string& word);

} // namespace nnactor
