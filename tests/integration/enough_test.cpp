#include "support/process.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <sstream>

using namespace nnactor::test;
using nlohmann::json;

namespace {

/// What a run told, with a validation every twenty steps.
struct told {
  outcome end;
  std::vector<json> lines;

  const json& first(const std::string& event) const {
    for (auto& x : lines)
      if (x.at("event") == event)
        return x;
    throw std::runtime_error("there is no event " + event);
  }
};

told run_until(const std::string& config, const std::string& loss,
               std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"run", config, "--json"};
  for (auto& x :
       {std::string{"train.steps=2000"}, std::string{"train.evaluate_every=20"},
        "train.stop_at_loss=" + loss})
    words.insert(words.end(), {"--set", x});
  words.insert(words.end(), more.begin(), more.end());
  told out{run_nnactor(words), {}};
  INFO(out.end.err);
  std::istringstream text{out.end.out};
  for (std::string line; std::getline(text, line);)
    out.lines.push_back(json::parse(line));
  return out;
}

} // namespace

TEST_CASE(
    "a run ends with a loss that is enough, and goes on for a lower one") {
  scratch folder;
  auto config = small_config(folder);
  auto model = folder / "models/song";
  auto first =
      run_until(config, "2.5", {"--set", "train.evaluate_examples=50"});
  CHECK(first.end.status == 0);
  CHECK(first.first("start")["data"]["evaluated"] == 50);
  auto& end = first.lines.back();
  REQUIRE(end["event"] == "finished");
  CHECK(end["loss"] <= 2.5);
  CHECK(end["steps"] < 2000);
  CHECK(end["step"] == end["steps"]);
  CHECK(end["tokens_per_second"] > 0);
  auto reason = end["reason"].get<std::string>();
  CHECK(reason.starts_with("validation loss "));
  CHECK(reason.ends_with(" is at most train.stop_at_loss, 2.5"));
  CHECK(run_nnactor({"model", "verify", model}).status == 0);

  auto again = run_until(config, "2.5", {"--resume"});
  CHECK(again.end.status == 2);
  CHECK(again.end.err.ends_with("at most train.stop_at_loss, 2.5; set that "
                                "lower to go on\n"));
  CHECK(again.end.err.find('\n') == again.end.err.size() - 1);

  auto lower = run_until(config, "1.5", {"--resume"});
  CHECK(lower.end.status == 0);
  CHECK(lower.first("step")["step"] == end["steps"].get<uint64_t>() + 1);
  CHECK(lower.lines.back()["loss"] <= 1.5);
}
