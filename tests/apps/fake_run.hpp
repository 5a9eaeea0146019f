#pragma once

#include "reports/json_reporter.hpp"
#include "support/networks.hpp"
#include "terminal/console.hpp"

#include "nnactor/store/manifest.hpp"

#include <string>
#include <vector>

namespace nnactor::test {

/// Nine texts that nobody reads.
class fake_dataset : public dataset {
public:
  uint64_t tokens = 5;

  data_shape shape() const override {
    return {4, tokens, 5, 3};
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

/// What a run of ten steps on two nodes tells a reporter, and what that shows.
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
    how.run.train.batch = 20;
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

  json_reporter json() {
    return json_reporter{[this](const std::string& line) { out += line; },
                         [this] { return now; }};
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

} // namespace nnactor::test
