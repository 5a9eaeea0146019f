#include "apps/fake_run.hpp"
#include "reports/run_tables.hpp"
#include "reports/text_reporter.hpp"
#include "terminal/command_line.hpp"
#include "terminal/format.hpp"

#include "nnactor/network/transformer.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;
using namespace std::chrono_literals;

TEST_CASE("before the first step people see what is trained and where") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  INFO(run.out);
  CHECK(run.shows("Data texts\n  9 texts of 100 characters\n"));
  CHECK(run.shows("a bigram count model has a validation loss of 2.5000"));
  CHECK(run.shows("  first   dense                  embed              7"));
  CHECK(run.shows("  out     dense                  first, second"));
  CHECK(run.shows("     1  10.0.0.1:4000"));
  CHECK(run.shows("1,234      56,789\n"));
  CHECK(run.shows("evil\\x1b[2J"));
  CHECK(run.shows("2 x cpu"));
  CHECK(run.out.find('\033') == std::string::npos);
}

TEST_CASE("people see what is tied and what is normalised") {
  transformer_description how;
  how.blocks = 1;
  how.hidden = 24;
  how.heads = how.kv_heads = 4;
  how.mlp = 96;
  how.attention.head_size = 6;
  how.post_norm = how.tied = true;
  network_description what;
  what.layers = layers_of(how);
  what.layers.push_back(line(9, "next", layer_kind::vocabulary, 0));
  auto shown = render_network(must(build_network(what, {1, 11, 11, 1, 8})));
  INFO(shown);
  auto shows = [&](const char* text) {
    return shown.find(text) != std::string::npos;
  };
  // Neither units nor parameters of its own, but an output.
  CHECK(shows("tokens      table, tied to the vocabulary  input           "
              "                      24\n"));
  CHECK(shows("carry1      norm   "));
  CHECK(shows("stream1     stream, layer norm             carry1, attention1"));
}

TEST_CASE("people see that not all is validated with") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  run.how.run.evaluate_examples = 10;
  to.start(run.how, run.data, run.net, {});
  CHECK_FALSE(run.shows("every validation"));
  run.how.run.evaluate_examples = 7;
  to.start(run.how, run.data, run.net, {});
  CHECK(run.shows("characters\n  of which every validation goes through 7\n"));
}

TEST_CASE("a hint is a line") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  to.start(run.how, run.data, run.net, run.data.baseline());
  run.out.clear();
  to.hint("one core would be fastest");
  CHECK(run.out == "\nHint: one core would be fastest\n");
}

TEST_CASE("without a terminal there is a line every five seconds") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  run.out.clear();
  run.steps(to, 1, 4, 1s);
  CHECK(run.out.empty());
  run.steps(to, 5, 9, 1s);
  CHECK(run.out
        == "  step 5/10, loss 3.0000, 0:05 left, 1.00 steps/s, 5.0 kB sent, "
           "60.0 tokens/s\n");
}

TEST_CASE("data without tokens goes by in examples") {
  fake_run run;
  run.data.tokens = 0;
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  run.out.clear();
  run.steps(to, 1, 5, 1s);
  CHECK(run.shows(" 20.0 examples/s\n"));
  run.end(to);
  CHECK(run.shows(" 20.0 examples/s, 12.3 kB sent over links\n"));
}

TEST_CASE("the line of progress is never as wide as the terminal") {
  for (size_t columns = 1; columns < 120; ++columns) {
    CAPTURE(columns);
    fake_run run;
    auto screen = run.screen(true);
    screen.columns = [columns] { return columns; };
    text_reporter to{screen, "nnactor"};
    run.begin(to);
    run.validate(to, 1, 2.4);
    run.out.clear();
    run.steps(to, 1, 9, 1s);
    auto line = run.out.substr(run.out.rfind('\r') + 1);
    line.resize(line.find("\033[K"));
    CHECK(width_of(line) < std::max<size_t>(columns, 2));
    CHECK(line.ends_with("  60.0 tokens/s") == (columns > 96));
  }
}

TEST_CASE("a validation is a line that tells the best so far") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  run.steps(to, 1, 5, 10ms);
  run.out.clear();
  run.validate(to, 5, 2.4);
  run.validate(to, 10, 2.6);
  CHECK(run.out
        == "     step  training loss  validation loss  accuracy  reference\n"
           "        5         3.0000           2.4000    25.0 %     2.5000"
           "  best so far\n"
           "       10         3.0000           2.6000    25.0 %     2.5000\n");
}

TEST_CASE("on a terminal a bar changes in place and makes room for lines") {
  fake_run run;
  text_reporter to{run.screen(true), "nnactor"};
  run.begin(to);
  run.out.clear();
  run.steps(to, 1, 5, 1s);
  CHECK(run.shows("] step 5/10  loss 3.0000  0:05 left  1.00 steps/s  "
                  "5.0 kB sent  60.0 tokens/s\033[K"));
  CHECK(run.out.find('\n') == std::string::npos);
  run.out.clear();
  run.validate(to, 5, 2.4);
  CHECK(run.out.starts_with("\r\033[K     step  training"));
}

TEST_CASE("a notice ends what was known of the rate") {
  fake_run run;
  text_reporter to{run.screen(true), "nnactor"};
  run.begin(to);
  run.steps(to, 1, 5, 1s);
  run.out.clear();
  to.event({.what = progress::kind::notice, .step = 5, .text = "paused"});
  CHECK(run.shows("step 5: paused\n"));
  CHECK(run.shows("] step 5/10  loss 3.0000  "));
  CHECK_FALSE(run.shows("steps/s"));
}

TEST_CASE("the end tells where the model is and what to do with it") {
  fake_run run;
  {
    text_reporter to{run.screen(false), "build/nnactor"};
    run.begin(to);
    run.steps(to, 1, 10, 1s);
    run.validate(to, 10, 2.0);
    run.out.clear();
    run.end(to);
  }
  INFO(run.out);
  CHECK(run.shows("Trained 10 steps in 0:10: 1.00 steps/s, 60.0 tokens/s, "
                  "12.3 kB sent over links\n"));
  CHECK(run.shows("What it writes after \"a\\n\"\n  (generation 2, read back "
                  "from my models/m)\n  | a\n  | b\\tc\n  | d\n"));
  CHECK(run.shows("The model is in my models/m\n  1 generation kept, best: "
                  "generation 2 of step 10, validation loss 2.0000,\n  20.0 % "
                  "below the bigram count model's 2.5000\n"));
  CHECK(run.shows("build/nnactor generate 'my models/m' --prompt "));
  CHECK(run.shows("build/nnactor node table state/connections.table\n"));
}

TEST_CASE("a run that ends before its last step says why") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  run.steps(to, 1, 5, 1s);
  run.out.clear();
  to.event({.what = progress::kind::finished, .step = 5, .text = "enough"});
  CHECK(run.shows("Trained 5 steps in "));
  CHECK(run.shows("\nEnded at step 5 of 10: enough\n"));
}

TEST_CASE("a failure clears the bar and tells what is left") {
  fake_run run;
  text_reporter to{run.screen(true), "nnactor"};
  run.begin(to);
  run.steps(to, 1, 5, 1s);
  run.out.clear();
  to.event({.what = progress::kind::failed,
            .step = 6,
            .error = fail(ec::diverged, "the loss became nan")});
  CHECK(run.out
        == "\r\033[K\nStopped after step 5 of 10; nothing has been saved by "
           "this run\n");
}

TEST_CASE("a run that was told to end says what is saved and how to go on") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  run.steps(to, 1, 5, 1s);
  run.out.clear();
  to.event({.what = progress::kind::stopped, .step = 5, .saved = 2});
  CHECK(run.shows("Ended after step 5 of 10; generation 2 of it is in "
                  "my models/m\nGo on with\n  "));
  CHECK(run.shows(line_to_go_on(words_of_this_process(), true) + "\n"));
  CHECK(run.shows(" --resume\n"));
  run.out.clear();
  to.event({.what = progress::kind::stopped});
  CHECK(run.shows("Ended after step 0 of 10; nothing is saved\nBegin again "
                  "with\n  "));
  CHECK(!run.shows("--resume"));
}
