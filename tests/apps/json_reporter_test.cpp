#include "reports/json_reporter.hpp"

#include "apps/fake_run.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

using namespace nnactor;
using namespace nnactor::test;
using namespace std::chrono_literals;

namespace {

std::vector<nlohmann::json> parse_lines(const std::string& text) {
  std::vector<nlohmann::json> out;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    out.push_back(nlohmann::json::parse(line));
  return out;
}

} // namespace

TEST_CASE("a hint is an event") {
  std::string lines;
  json_reporter json{[&](const std::string& line) { lines += line; }};
  json.hint("one core would be fastest");
  auto event = parse_lines(lines).front();
  CHECK(event["event"] == "hint");
  CHECK(event["text"] == "one core would be fastest");
}

TEST_CASE("a run that ends before its last step gives the reason") {
  fake_run run;
  auto json = run.json();
  json.event({.what = progress::kind::finished, .step = 5, .text = "enough"});
  json.finish(run.how, run.best, 1, {});
  CHECK(parse_lines(run.out).front()["reason"] == "enough");
}

TEST_CASE("programs get one object a line") {
  fake_run run;
  run.how.run.evaluate_examples = 7;
  auto to = run.json();
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
  CHECK(lines[0]["data"]["validation"] == 10);
  CHECK(lines[0]["data"]["evaluated"] == 7);
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
  auto to = run.json();
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

TEST_CASE("programs get rates and the time left") {
  fake_run run;
  SUBCASE("in tokens, one a time step of an example") {
    auto to = run.json();
    run.begin(to);
    run.steps(to, 1, 4, 2s);
    run.end(to);
    auto lines = parse_lines(run.out);
    CHECK(lines[2]["steps_per_second"] == 0.5);
    CHECK(lines[5]["tokens_per_second"] == 30);
    CHECK(lines[5]["seconds_left"] == 12);
    CHECK(!lines[5].contains("examples_per_second"));
    CHECK(lines.back()["seconds"] == 8);
    CHECK(lines.back()["steps_per_second"] == 0.5);
    CHECK(lines.back()["tokens_per_second"] == 30);
  }
  SUBCASE("in examples where there are no tokens") {
    run.data.tokens = 0;
    auto to = run.json();
    run.begin(to);
    run.steps(to, 1, 4, 2s);
    run.end(to);
    auto lines = parse_lines(run.out);
    CHECK(lines[5]["examples_per_second"] == 10);
    CHECK(lines.back()["examples_per_second"] == 10);
    CHECK(!lines[5].contains("tokens_per_second"));
  }
  SUBCASE("not before there are any") {
    auto to = run.json();
    run.begin(to);
    run.steps(to, 1, 4, 2s);
    to.event({.what = progress::kind::notice, .step = 4, .text = "paused"});
    run.out.clear();
    run.steps(to, 5, 5, 2s);
    auto line = parse_lines(run.out).front();
    for (auto* key : {"steps_per_second", "tokens_per_second", "seconds_left"})
      CHECK(line.at(key).is_null());
  }
}
