#include "terminal/format.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace nnactor;
using namespace std::chrono_literals;

TEST_CASE("bytes are shown with one digit and the largest unit that fits") {
  CHECK(format_bytes(0) == "0 bytes");
  CHECK(format_bytes(999) == "999 bytes");
  CHECK(format_bytes(1000) == "1.0 kB");
  CHECK(format_bytes(12345678) == "12.3 MB");
  CHECK(format_bytes(999949999) == "999.9 MB");
  CHECK(format_bytes(999950000) == "1.0 GB");
  CHECK(format_bytes(std::numeric_limits<uint64_t>::max()) == "18.4 EB");
}

TEST_CASE("caches and memories have sizes in powers of two") {
  CHECK(format_binary(0) == "0 bytes");
  CHECK(format_binary(1023) == "1023 bytes");
  CHECK(format_binary(48 << 10) == "48 KiB");
  CHECK(format_binary(3 << 19) == "1.5 MiB");
  CHECK(format_binary((uint64_t{1} << 30) - 1) == "1 GiB");
  CHECK(format_binary(uint64_t{235} << 27) == "29.4 GiB");
}

TEST_CASE("counts are grouped by thousands") {
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(1234567) == "1,234,567");
}

TEST_CASE("losses keep about four digits, whatever their size") {
  CHECK(format_loss(2.34567) == "2.3457");
  CHECK(format_loss(0.0123) == "0.0123");
  CHECK(format_loss(12.34567) == "12.346");
  CHECK(format_loss(1234.5) == "1234.5");
  CHECK(format_loss(1234567) == "1.235e+06");
  CHECK(format_loss(0.0000123) == "1.230e-05");
  CHECK(format_loss(0) == "0");
  CHECK(format_loss(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("decimals are grouped by thousands before the point") {
  CHECK(format_decimal(0, 2) == "0.00");
  CHECK(format_decimal(999.96, 1) == "1,000.0");
  CHECK(format_decimal(-1234567.891, 3) == "-1,234,567.891");
  CHECK(format_decimal(-123, 0) == "-123");
  CHECK(format_decimal(9800, 0) == "9,800");
  CHECK(format_decimal(std::nan(""), 2) == "?");
}

TEST_CASE("rates keep about three digits") {
  CHECK(format_rate(0.2513) == "0.251");
  CHECK(format_rate(2.513) == "2.51");
  CHECK(format_rate(25.13) == "25.1");
  CHECK(format_rate(251.3) == "251");
  CHECK(format_rate(4213.4) == "4,213");
  CHECK(format_rate(1 / 0.0) == "-");
}

TEST_CASE("a time is shown like a clock") {
  CHECK(format_duration(0s) == "0:00");
  CHECK(format_duration(7.4s) == "0:07");
  CHECK(format_duration(59.7s) == "1:00");
  CHECK(format_duration(751s) == "12:31");
  CHECK(format_duration(10931s) == "3:02:11");
  CHECK(format_duration(47h + 59min) == "47:59:00");
  CHECK(format_duration(96h) == "4 days");
  CHECK(format_duration(-1s) == "-:--");
  CHECK(format_duration(std::chrono::duration<double>{1 / 0.0}) == "-:--");
}

TEST_CASE("text is cut by characters, not by bytes, and shows that it was") {
  CHECK(cut("abc", 3) == "abc");
  CHECK(cut("abcd", 3) == "ab~");
  CHECK(cut("a\u00e4\u00f6\u00fc", 3) == "a\u00e4~");
  CHECK(cut("abc", 0).empty());
  CHECK(width_of("a\u00e4\u00f6\u00fc") == 4);
}

TEST_CASE("control characters and broken UTF-8 are shown as escapes") {
  CHECK(printable("two\nlines") == "two\nlines");
  CHECK(printable("a\tb\rc\fd") == "a\\tb\\rc\\fd");
  CHECK(printable("\033[2Jgone") == "\\x1b[2Jgone");
  CHECK(printable("\x7f") == "\\x7f");
  // U+009B begins a control sequence, too.
  CHECK(printable("\xc2\x9b"
                  "2J")
        == "\\xc2\\x9b2J");
  CHECK(printable("gr\u00fc\u00df \u2260 \U0001f600")
        == "gr\u00fc\u00df \u2260 \U0001f600");
  // Cut off, too long a form, a surrogate, and nothing that UTF-8 has.
  CHECK(printable("\xe2\x89") == "\\xe2\\x89");
  CHECK(printable("\xc0\x80") == "\\xc0\\x80");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("\xff") == "\\xff");
}

TEST_CASE("whatever the bytes are, nothing that moves a cursor is left") {
  CHECK(rc::check("printable", [](const std::string& text) {
    auto shown = printable(text);
    RC_ASSERT(std::none_of(shown.begin(), shown.end(), [](char c) {
      auto byte = static_cast<unsigned char>(c);
      return (byte < 0x20 && c != '\n') || byte == 0x7f;
    }));
    RC_ASSERT(printable(shown) == shown);
  }));
}

TEST_CASE("text is broken between words") {
  using lines = std::vector<std::string>;
  CHECK(wrapped("put neurons on another node", 12)
        == lines{"put neurons", "on another", "node"});
  CHECK(wrapped("short", 12) == lines{"short"});
  CHECK(wrapped("a longerthanall b", 5) == lines{"a", "longerthanall", "b"});
  CHECK(wrapped("", 5) == lines{""});
}

TEST_CASE("only lines that are too long are broken") {
  CHECK(fitted("short\n  one two three four\nend", 14)
        == "short\n  one two\n    three four\nend");
  CHECK(fitted("a line of words\n", SIZE_MAX) == "a line of words\n");
  CHECK(fitted("a    table  of\n", 14) == "a    table  of\n");
  CHECK(fitted("", 5).empty());
}

TEST_CASE("what belongs on one line stays there") {
  CHECK(printable_line("one\ntwo\x1b") == "one\\ntwo\\x1b");
}

TEST_CASE("a count has its plural, and its thousands") {
  CHECK(counted(0, "node") == "0 nodes");
  CHECK(counted(1, "node") == "1 node");
  CHECK(counted(1200, "step") == "1,200 steps");
}

TEST_CASE("names keep to their place in tables and pictures") {
  CHECK(csv_cell("plain") == "plain");
  CHECK(csv_cell("a,\"b\"") == "\"a,\"\"b\"\"\"");
  CHECK(xml_text("a<b>&\x1b") == "a&lt;b&gt;&amp;\\x1b");
}

TEST_CASE("words are quoted for a shell only where they need it") {
  CHECK(shell_word("models/quick-start") == "models/quick-start");
  CHECK(shell_word("my models/x") == "'my models/x'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("") == "''");
}
