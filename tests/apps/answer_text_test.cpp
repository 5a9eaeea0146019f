#include "reports/answer_text.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

using namespace nnactor;
using namespace nnactor::test;
using nlohmann::json;

namespace {

const char* const answers[] = {
    R"({"command":"status","state":"training","step":12,"steps":400,
        "steps_per_s":31.5,"loss":2.5,"validation_loss":null,"model":"m/x",
        "generation":3,"epoch":2,"groups":12,"nodes":3,
        "events":[{"step":7,"what":"moved group 4"}],
        "waits":[{"group":5,"layer":"hidden","node":2,"address":"a:1",
                  "for":"activation","of_group":3,"of_neurons":"0-84",
                  "of_node":1,"of_address":"b:1","step":12,"micro_batch":0,
                  "seconds":3.14}]})",
    R"({"command":"nodes","nodes":[{"node":1,"address":"a:1","host":"h",
        "process":7,"cores":2,"memory":2000000000,"used_memory":45000000,"device":"cpu","devices":1,
        "groups":4,"neurons":1234,"parameters":5,"busy_ms":1.25,
        "sent_bytes":1000}]})",
    R"({"command":"layers","layers":[{"name":"hidden","kind":"dense",
        "activation":"gelu","units":8,"first":4,"last":11,"parameters":40,
        "reads":["input"],"groups":[2,3]}]})",
    R"({"command":"groups","groups":[{"group":2,"layer":"hidden","part":0,
        "neurons":"4-7","size":4,"node":1,"address":"a:1","device":0,
        "busy_us":3.5,"reads":[0],"read_by":[4,5]}]})",
    R"({"command":"neuron","neuron":4,"layer":"hidden","group":2,"part":0,
        "node":1,"address":"a:1","device":0,"bias":0.5,"step":3,
        "incoming_total":20,"incoming":[{"neuron":null,"layer":"input",
        "group":0,"node":3,"remote":true,"position":0,"weight":-0.25,
        "parameter":"weight","rows":1}],
        "outgoing_total":1,"outgoing":[{"neuron":9,"layer":"heads",
        "group":7,"node":1,"remote":false,"position":0,"weight":0.5,
        "parameter":"query","rows":24}]})",
    R"({"command":"save","state":"training","step":9,"generation":2})",
    R"({"command":"pause","state":"paused","step":9})",
    R"({"command":"rebalance","step":9,"epoch":2,"seconds":0.25,
        "text":"moved group 3","gain":1.5,"moves":[],
        "nodes":[{"node":1,"busy_ms_before":1,"busy_ms_expected":2}]})",
};

/// Changes one value somewhere to something else.
void damage(json& x) {
  if (!x.is_structured() || x.empty() || *rc::gen::inRange(0, 3) == 0) {
    x = *rc::gen::element<json>(nullptr, -1, 1.5e300, "\033[2J", true,
                                json::array({1, "x"}), json::object());
    return;
  }
  auto at = x.begin();
  std::advance(at, *rc::gen::inRange<long>(0, static_cast<long>(x.size())));
  damage(*at);
}

} // namespace

TEST_CASE("answers are told to people") {
  auto status = answer_text(answers[0]);
  CHECK(has(status, "training: step 12 of 400, 31.5 steps/s, loss 2.5"));
  CHECK(has(status, "validation none yet"));
  CHECK(has(status, "group 5 (layer hidden) on node 2 a:1 waits for the "
                    "activation of neurons 0-84 of group 3"));
  CHECK(has(status, "12 groups on 3 nodes"));
  auto paused = json::parse(answers[0]);
  paused["state"] = "paused";
  paused["steps_per_s"] = nullptr;
  paused["nodes"] = 1;
  status = answer_text(paused.dump());
  CHECK(has(status, "paused: step 12 of 400, loss 2.5"));
  CHECK(has(status, "12 groups on 1 node\n"));
  CHECK(has(answer_text(answers[1]), "1,234"));
  CHECK(has(answer_text(answers[1]), "h: 45.0 MB of 2.0 GB"));
  CHECK(has(answer_text(answers[2]), "4-11"));
  CHECK(has(answer_text(answers[3]), "4,5"));
  CHECK(has(answer_text(answers[4]), "incoming (1 of 20)"));
  CHECK(has(answer_text(answers[4]), "remote"));
  CHECK(has(answer_text(answers[4]), "-0.250000\n"));
  CHECK(has(answer_text(answers[4]), "0.500000  query, row 1 of 24\n"));
  CHECK(has(answer_text(answers[5]), "saved generation 2 at step 9"));
  CHECK(has(answer_text(answers[6]), "paused at step 9"));
  CHECK(has(answer_text(answers[7]), "expected gain: 1.50"));
}

TEST_CASE("whatever comes is shown without harm") {
  CHECK(rc::check([] {
    auto x = json::parse(answers[*rc::gen::inRange(0, 8)]);
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i)
      damage(x);
    auto text = answer_text(x.dump());
    RC_ASSERT(text.find('\033') == std::string::npos);
  }));
  CHECK(rc::check([] {
    auto text = answer_text(*rc::gen::arbitrary<std::string>());
    RC_ASSERT(text.find('\033') == std::string::npos);
  }));
}
