#include "reports/json_reporter.hpp"
#include "reports/text_reporter.hpp"
#include "support/networks.hpp"
#include "terminal/command_line.hpp"

#include "nnactor/store/manifest.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

using namespace nnactor;
using namespace nnactor::test;
using namespace std::chrono_literals;

namespace {

// Nine texts that nobody reads.
class fake_dataset : public dataset {
public:
  data_shape shape() const override {
    return {4, 5, 5};
  }
  uint64_t size(split part) const override {
    return part == split::train ? 90 : 10;
  }
  examples gather(split, const std::vector<uint64_t>&) const override {
    return {};
  }
  std::string summary() const override {
    return "9 texts of 100 characters";
  }
  reference baseline() const override {
    return {"bigram count model", 2.5};
  }
};

// What a run of ten steps on two nodes tells a reporter, and what that shows.
struct fake_run {
  network net = small_language_model();
  experiment how;
  fake_dataset data;
  deployed_network placed;
  manifest best;
  std::string out;
  console::clock::time_point now{};

  fake_run() {
    how.file = "exp.toml";
    how.data.path = "texts";
    how.store.path = "my models/m";
    how.run.steps = 10;
    placed.cluster.members.resize(2);
    placed.cluster.members[0].address = "10.0.0.1:4000";
    placed.cluster.members[1].address = "10.0.0.2:4000";
    // A name that would clear the screen.
    auto& info = placed.cluster.members[1].info;
    info.host = "evil\033[2J";
    info.process = 7;
    info.cores = 2;
    info.memory = 1 << 30;
    info.devices = 2;
    info.device = "cpu";
    auto job = deployment{};
    job.epoch = 3;
    job.where = {{{2, 0}, {2, 0}, {0, 0}, {1, 0}}, 2};
    job.servers = {
        {"10.0.0.1:4000", "", 1}, {"10.0.0.2:4000", "", 2}, {"driver", "", 0}};
    placed.job = std::make_shared<const deployment>(std::move(job));
    placed.reports = {{1, 1234, 56789, "state/connections.table"},
                      {1, 7, 70, ""}};
    best.generation = 2;
    best.step = 10;
    best.validation_loss = 2.0;
    best.vocabulary = {'a'};
    best.net = net;
  }

  console screen(bool terminal) {
    console to;
    to.terminal = terminal;
    to.columns = [] { return 100; };
    to.write = [this](std::string_view text) { out += text; };
    to.now = [this] { return now; };
    return to;
  }

  void begin(reporter& to) {
    to.start(how, data, net, data.baseline());
    to.placed(placed, "127.0.0.1:4700");
  }

  void steps(reporter& to, uint64_t first, uint64_t last,
             console::clock::duration each) {
    for (auto step = first; step <= last; ++step) {
      now += each;
      to.event({.step = step, .loss = 3.0, .bytes = step * 1000});
    }
  }

  void validate(reporter& to, uint64_t step, double loss) {
    to.event({.what = progress::kind::validation,
              .step = step,
              .loss = loss,
              .accuracy = 0.25,
              .bytes = step * 1000});
    auto saved = best;
    saved.step = step;
    to.event({.what = progress::kind::committed,
              .bytes = step * 1000,
              .generation = std::make_shared<const manifest>(saved)});
  }

  void end(reporter& to) {
    to.event({.what = progress::kind::finished, .step = 10, .bytes = 12345});
    to.begin_sample(best, "a\n");
    to.sample("b\tc");
    to.sample("\nd");
    to.finish(how, best, 1, data.baseline());
  }

  bool shows(const std::string& text) const {
    return out.find(text) != std::string::npos;
  }
};

std::vector<nlohmann::json> parse_lines(const std::string& text) {
  std::vector<nlohmann::json> out;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    out.push_back(nlohmann::json::parse(line));
  return out;
}

} // namespace

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

TEST_CASE("a hint is a line for people and an event for programs") {
  fake_run run;
  text_reporter to{run.screen(false), "nnactor"};
  to.start(run.how, run.data, run.net, run.data.baseline());
  run.out.clear();
  to.hint("one core would be fastest");
  CHECK(run.out == "\nHint: one core would be fastest\n");
  std::string lines;
  json_reporter json{[&](const std::string& line) { lines += line; }};
  json.hint("one core would be fastest");
  auto event = parse_lines(lines).front();
  CHECK(event["event"] == "hint");
  CHECK(event["text"] == "one core would be fastest");
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
        == "  step 5/10, loss 3.0000, 0:05 left, 1.00 steps/s, 5.0 kB sent\n");
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
                  "5.0 kB sent\033[K"));
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
  CHECK(run.shows("Trained 10 steps in 0:10: 1.00 steps/s, 12.3 kB sent over "
                  "links\n"));
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
  progress end{.what = progress::kind::finished, .step = 5, .text = "enough"};
  text_reporter to{run.screen(false), "nnactor"};
  run.begin(to);
  run.steps(to, 1, 5, 1s);
  run.out.clear();
  to.event(end);
  CHECK(run.shows("Trained 5 steps in "));
  CHECK(run.shows("\nEnded at step 5 of 10: enough\n"));
  run.out.clear();
  json_reporter json{[&](const std::string& line) { run.out += line; }};
  json.event(end);
  json.finish(run.how, run.best, 1, {});
  CHECK(parse_lines(run.out).front()["reason"] == "enough");
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

TEST_CASE("programs get one object a line") {
  fake_run run;
  json_reporter to{[&](const std::string& line) { run.out += line; }};
  run.begin(to);
  run.steps(to, 1, 1, 1s);
  run.validate(to, 1, 2.4);
  run.end(to);
  auto lines = parse_lines(run.out);
  std::vector<std::string> events;
  for (auto& line : lines)
    events.push_back(line.at("event"));
  CHECK(events
        == std::vector<std::string>{"start", "placed", "step", "validation",
                                    "committed", "sample", "finished"});
  CHECK(lines[0]["reference"]["loss"] == 2.5);
  CHECK(lines[0]["network"]["layers"].size() == 6);
  CHECK(lines[1]["nodes"][0]["parameters"] == 56789);
  CHECK(lines[1]["nodes"][1]["host"] == "evil\033[2J");
  CHECK(lines[2]["loss"] == 3.0);
  CHECK(lines[3]["accuracy"] == 0.25);
  CHECK(lines[4]["generation"] == 2);
  CHECK(lines[5]["prompt"] == "a\n");
  CHECK(lines[5]["text"] == "b\tc\nd");
  CHECK(lines[6]["bytes"] == 12345);
  CHECK(lines[6]["loss"] == 2.0);
  CHECK(lines[6]["reason"].is_null());
}

TEST_CASE("programs get valid JSON even of what JSON cannot say") {
  fake_run run;
  json_reporter to{[&](const std::string& line) { run.out += line; }};
  run.placed.cluster.members[0].info.host = std::string(1, '\xff');
  run.best.validation_loss = std::nullopt;
  to.placed(run.placed, "127.0.0.1:4700");
  to.event({.step = 1, .loss = std::nan("")});
  to.event({.what = progress::kind::failed,
            .step = 1,
            .error = fail(ec::diverged, "the loss became nan")});
  to.finish(run.how, run.best, 1, {});
  auto lines = parse_lines(run.out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["nodes"][0]["host"] == "\ufffd");
  CHECK(lines[1]["loss"].is_null());
  CHECK(lines[2]["code"] == "training diverged");
  CHECK(lines[2]["error"] == "the loss became nan");
  CHECK(lines[3]["loss"].is_null());
  CHECK(lines[3]["reference"].is_null());
}
