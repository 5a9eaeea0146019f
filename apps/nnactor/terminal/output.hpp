#pragma once

#include "terminal/format.hpp"

#include "nnactor/error.hpp"
#include "nnactor/json_text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace nnactor {

// Standard output. Nothing here throws: what could not be written is told once,
// by `end_output`.

/// Prepares standard input, output and error: where one of them is closed, no
/// file that is opened later gets its number. A reader that goes away is an
/// error of output, not a signal.
void begin_output();

/// Writes text as it is.
void write_output(std::string_view text);

/// Lets readers see what was written so far.
void flush_output();

/// The same for a run, which nobody may look at for days: where its reader goes
/// away, it is asked to end as SIGTERM does, so that what it has trained is
/// saved.
void flush_or_end();

/// Columns that text for people may take: those of a terminal, else any number.
size_t output_columns();

/// Returns whether something could not be written, so that no more is worth
/// the work.
bool output_failed();

/// Flushes and closes standard output. Returns `status`; or 1 with a line on
/// standard error where not all could be written; or, without one, the status
/// of a program that SIGPIPE ended where its reader went away.
int end_output(int status);

/// Prints a line of this program on standard error, for people who look; it is
/// no part of the output.
void warn(const std::string& what);

/// Writes text for people. Whatever is in it, names from files and from other
/// machines too, is made safe to show, and lines are broken between words where
/// the terminal would break them anywhere.
template <class... Ts>
void say(fmt::format_string<Ts...> format, Ts&&... xs) {
  write_output(fitted(printable(fmt::format(format, std::forward<Ts>(xs)...)),
                      output_columns()));
}

/// Writes one value of JSON on a line of its own.
template <class Json>
void say_json(const Json& what) {
  write_output(json_text(what) + "\n");
}

} // namespace nnactor
