#include "config/parse.hpp"

#include "nnactor/config/keys.hpp"
#include "support/documented_keys.hpp"

#include <algorithm>
#include <fstream>

using namespace nnactor;
using nnactor::test::documented_keys;
using nnactor::test::in_configs;

TEST_CASE("configs/README.md documents every key, and no other") {
  auto accepted = experiment_keys();
  CHECK(accepted.size() > 40);
  std::ranges::sort(accepted);
  auto documented = documented_keys("README.md");
  std::ranges::sort(documented);
  CHECK(documented == accepted);
}

TEST_CASE("the shipped configs are right") {
  for (const auto* name : {"quickstart.toml", "mnist.toml"}) {
    CAPTURE(name);
    auto x = read_experiment(in_configs(name), {});
    REQUIRE_MESSAGE(x, explain(x.error()));
    auto is_text = x->data.kind == data_settings::format::text;
    auto net = build_network(x->network, is_text ? data_shape{16, 86, 86}
                                                 : data_shape{784, 0, 10});
    REQUIRE_MESSAGE(net, explain(net.error()));
    auto parts = distribute(*net, x->distribute);
    REQUIRE_MESSAGE(parts, explain(parts.error()));
    CHECK(parts->parts.size() == x->cluster.nodes);
  }
}
