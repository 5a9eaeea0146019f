#include "config/parse.hpp"

#include "nnactor/config/keys.hpp"
#include "support/documented_keys.hpp"

#include <algorithm>
#include <fstream>

using namespace nnactor;
using nnactor::test::documented_keys;
using nnactor::test::in_configs;

namespace {

/// What data of that format looks like.
data_shape shape_of(const data_settings& how) {
  switch (how.kind) {
  case data_settings::format::text:
    if (how.sequences)
      return {1, 86, 86, 1, how.context};
    return {how.context, 86, 86, how.time_steps};
  case data_settings::format::idx:
    return {784, 0, 10};
  case data_settings::format::noise:
    return {how.inputs, 0, how.classes, how.time_steps};
  }
  return {};
}

} // namespace

TEST_CASE("configs/README.md documents every key, and no other") {
  auto accepted = experiment_keys();
  CHECK(accepted.size() > 40);
  std::ranges::sort(accepted);
  auto documented = documented_keys("README.md");
  std::ranges::sort(documented);
  CHECK(documented == accepted);
}

TEST_CASE("the shipped configs are right") {
  for (const auto* name :
       {"quickstart.toml", "recurrent.toml", "sparse.toml", "mnist.toml",
        "residency.toml", "shakespeare.toml"}) {
    CAPTURE(name);
    auto x = read_experiment(in_configs(name), {});
    REQUIRE_MESSAGE(x, explain(x.error()));
    auto net = build_network(x->network, shape_of(x->data));
    REQUIRE_MESSAGE(net, explain(net.error()));
    // A plan is made for the nodes that are there.
    if (x->distribute.waits_for_nodes())
      continue;
    auto parts = distribute(*net, x->distribute);
    REQUIRE_MESSAGE(parts, explain(parts.error()));
    CHECK(parts->parts.size() == x->cluster.nodes);
  }
}

TEST_CASE("the transformer of shakespeare.toml has the size that it is made "
          "for") {
  auto x = read_experiment(in_configs("shakespeare.toml"), {});
  REQUIRE_MESSAGE(x, explain(x.error()));
  CHECK(x->data.sequences);
  auto net = build_network(x->network, shape_of(x->data));
  REQUIRE_MESSAGE(net, explain(net.error()));
  CHECK(net->context == 128);
  // Input and loss, a table, 13 streams, 6 times attention and mlp, the
  // vocabulary.
  CHECK(net->layers.size() == 2 + 1 + 13 + 12 + 1);
  auto of_block = 12 * 192 * 192;
  auto of_norms = 13 * 2 * 192;
  CHECK(net->parameter_count() == 6 * of_block + of_norms + 2 * 86 * 192);
}
