#include "terminal/progress_bar.hpp"

#include "terminal/format.hpp"
#include "terminal/pace.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>

using namespace nnactor;
using namespace std::chrono_literals;

namespace {

// A terminal of a given width, and a clock that stands still.
struct fake_terminal {
  std::string seen;
  size_t columns = 40;
  console::clock::time_point now{};

  console screen() {
    console out;
    out.terminal = true;
    out.columns = [this] { return columns; };
    out.write = [this](std::string_view text) { seen += text; };
    out.now = [this] { return now; };
    return out;
  }
};

} // namespace

TEST_CASE("a bar gives way to the text beside it") {
  std::vector<std::string> fields{"step 5/10", "loss 2.3"};
  CHECK(render_bar(0.5, fields, 50)
        == "[============>           ] step 5/10  loss 2.3");
  CHECK(render_bar(0.5, fields, 28) == "[===>  ] step 5/10  loss 2.3");
  CHECK(render_bar(0.5, fields, 27) == "[=======>       ] step 5/10");
  CHECK(render_bar(0.5, fields, 18) == "[===>  ] step 5/10");
  CHECK(render_bar(0.5, fields, 17) == "step 5/10");
  CHECK(render_bar(0.5, fields, 6) == "step ~");
  CHECK(render_bar(0.5, {}, 9) == "[===>  ] ");
}

TEST_CASE("a bar is full only at the end") {
  CHECK(render_bar(0.9999, {"x"}, 12) == "[=======>] x");
  CHECK(render_bar(1, {"x"}, 12) == "[========] x");
  CHECK(render_bar(1.5, {"x"}, 12) == "[========] x");
  CHECK(render_bar(std::nan(""), {"x"}, 12) == "[>       ] x");
}

TEST_CASE("a bar is never wider than it may be") {
  CHECK(rc::check("width", [](const std::vector<uint8_t>& widths) {
    std::vector<std::string> fields;
    for (auto width : widths)
      fields.emplace_back(width % 20, 'x');
    auto columns = *rc::gen::inRange<size_t>(0, 200);
    auto share = *rc::gen::inRange(-5, 105);
    RC_ASSERT(width_of(render_bar(share / 100.0, fields, columns)) <= columns);
  }));
}

TEST_CASE("a bar is drawn ten times a second and erased before other output") {
  fake_terminal terminal;
  auto fields = [] { return std::vector<std::string>{"step 1/4"}; };
  progress_bar bar{terminal.screen()};
  bar.update(0.25, fields);
  auto drawn = terminal.seen;
  CHECK(drawn.starts_with("\r["));
  CHECK(drawn.ends_with("step 1/4\033[K"));
  terminal.now += 99ms;
  bar.update(0.5, fields);
  CHECK(terminal.seen == drawn);
  terminal.now += 1ms;
  bar.update(0.5, fields);
  CHECK(terminal.seen.size() > drawn.size());
  terminal.seen.clear();
  bar.erase();
  CHECK(terminal.seen == "\r\033[K");
  bar.erase();
  CHECK(terminal.seen == "\r\033[K");
}

TEST_CASE("a bar follows the width of the terminal") {
  fake_terminal terminal;
  auto fields = [] { return std::vector<std::string>{"step 1/4"}; };
  progress_bar bar{terminal.screen()};
  terminal.columns = 8;
  bar.update(0.25, fields);
  CHECK(terminal.seen == "\rstep 1~\033[K");
}

TEST_CASE("a bar shows nothing where there is no terminal") {
  fake_terminal terminal;
  auto screen = terminal.screen();
  screen.terminal = false;
  {
    progress_bar bar{screen};
    bar.update(0.5, [] { return std::vector<std::string>{"x"}; });
  }
  CHECK(terminal.seen.empty());
}

TEST_CASE("the pace is that of the last ten seconds") {
  pace what;
  console::clock::time_point now{};
  CHECK(!what.rate());
  what.add(now, 0);
  CHECK(!what.rate());
  CHECK(format_duration(what.left(100)) == "-:--");
  // 10 a second for a minute, then 100 a second.
  uint64_t count = 0;
  for (int i = 0; i < 600; ++i)
    what.add(now += 100ms, ++count);
  CHECK(*what.rate() == doctest::Approx(10));
  CHECK(what.left(700).count() == doctest::Approx(10));
  for (int i = 0; i < 1100; ++i)
    what.add(now += 10ms, ++count);
  CHECK(*what.rate() == doctest::Approx(100).epsilon(0.02));
  CHECK(what.left(10).count() == 0);
}

TEST_CASE("a smoothed value begins at the first one and follows slowly") {
  smoothed what;
  CHECK(what.value() == 0);
  what.add(4);
  CHECK(what.value() == doctest::Approx(4));
  what.add(2);
  CHECK(what.value() > 2);
  for (int i = 0; i < 200; ++i)
    what.add(2);
  CHECK(what.value() == doctest::Approx(2).epsilon(0.001));
}
