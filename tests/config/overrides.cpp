#include "config/parse.hpp"

#include <rapidcheck.h>

#include <cmath>

using namespace nnactor;

TEST_CASE("the command line wins over the file") {
  auto x = parsed(minimal + "[train]\nsteps = 10\nbatch = 64",
                  {"train.steps=50", "train.steps=60", "store.keep=5",
                   "cluster.addresses=['a:1','b:2']"});
  CHECK(x.run.steps == 60);
  CHECK(x.run.train.batch == 64);
  CHECK(x.store.keep == 5);
  CHECK(x.cluster.addresses.size() == 2);
}

TEST_CASE("values that are not TOML are strings") {
  auto x = parsed(minimal, {"data.path=/tmp/a b#c", "train.optimizer=sgd",
                            "store.path=\"quoted\"", "cluster.key=a=b",
                            "cluster.certificate=c", "cluster.authority=d"});
  CHECK(x.data.path == "/tmp/a b#c");
  CHECK(x.run.train.optimizer.kind == optimizer_kind::sgd);
  CHECK(x.store.path == "quoted");
  CHECK(x.cluster.who.key == "a=b");
  CHECK(to_string(x.data.path_where) == "--set data.path");
}

TEST_CASE("a line break does not bring in other keys") {
  auto x = parsed(minimal, {"data.path='a'\ntrain.steps=5"});
  CHECK(x.data.path == "'a'\ntrain.steps=5");
  CHECK(x.run.steps == 1000);
}

TEST_CASE("a list of tables is set as a whole") {
  auto x = parsed(minimal + "[[distribute.partition]]\ncount = 3",
                  {"distribute.partition=[{percentage=60},{percentage=40}]"});
  REQUIRE(x.distribute.shares.size() == 2);
  CHECK(x.distribute.shares[1].percentage == 40);
  CHECK(to_string(x.distribute.shares[1].where)
        == "--set distribute.partition");
}

TEST_CASE("mistakes on the command line are told as such") {
  CHECK(error_of(minimal, {"train.stepz=5"})
        == "--set train.stepz: unknown key 'train.stepz'; did you mean "
           "'steps'?");
  CHECK(error_of(minimal, {"tran.steps=5"})
        == "--set tran.steps: unknown section 'tran'; did you mean 'train'?");
  CHECK(error_of(minimal, {"train.steps=many"})
        == "--set train.steps: 'train.steps' must be an integer, not a string");
  CHECK(error_of(minimal, {"train.steps=0"})
        == "--set train.steps: 'train.steps' is 0 but must be at least 1");
  for (auto* number : {"18446744073709551615", "-9223372036854775809"})
    CHECK(error_of(minimal, {fmt::format("train.seed={}", number)})
          == fmt::format("--set train.seed: is {} but whole numbers go from "
                         "-9223372036854775808 to 9223372036854775807",
                         number));
  CHECK(error_of(minimal + "[[network.layers]]\nkind='dense'\nunits=3",
                 {"network.layers.0.units=4"})
        == "--set network.layers.0.units: 'network.layers' is not a table; set "
           "all of it");
  for (const auto* setting :
       {"train.steps", "=5", "train..steps=5", ".a=1", "a.=1", "a b=1", ""}) {
    CAPTURE(setting);
    CHECK(error_of(minimal, {setting})
          == fmt::format("--set {}: must read KEY=VALUE, for example "
                         "train.steps=50",
                         setting));
  }
}

TEST_CASE("the text of a config reads back as the same config") {
  auto x = parsed(minimal
                      + "[[distribute.partition]]\npercentage = 30.1\n"
                        "[[distribute.partition]]\npercentage = 69.9\n",
                  {"train.rate=0.0001", "data.path=/tmp/\"x\""});
  auto again = parsed(x.text);
  CHECK(again.text == x.text);
  CHECK(again.data.path == "/tmp/\"x\"");
  CHECK(again.run.train.schedule.rate == 0.0001f);
  CHECK(again.distribute.shares[1].percentage == 69.9);
}

TEST_CASE("every real number survives being saved with the model") {
  CHECK(rc::check("rates", [](uint32_t mantissa, uint8_t exponent) {
    auto rate = std::ldexp(1.0 + mantissa * 0x1p-32, exponent % 64 - 60);
    auto x = parsed(minimal, {fmt::format("train.rate={:.17e}", rate)});
    RC_ASSERT(x.run.train.schedule.rate == static_cast<float>(rate));
    RC_ASSERT(parsed(x.text).run.train.schedule.rate
              == static_cast<float>(rate));
  }));
}

TEST_CASE("no text at all brings the reader down") {
  CHECK(rc::check("arbitrary text", [](const std::string& text) {
    parse_experiment(text, "x.toml", {});
    parse_experiment(minimal, "x.toml", {text, "train.steps=" + text});
  }));
}
