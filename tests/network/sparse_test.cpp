#include "nnactor/network/sparse.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

network two_sparse_layers(const sparsity& how, uint64_t units = 300) {
  network_description what;
  what.layers = {line(1, "first", layer_kind::sparse, units, {"input"}),
                 line(2, "second", layer_kind::sparse, units, {"first"}),
                 line(3, "out", layer_kind::dense, 0)};
  what.layers[0].sparse = what.layers[1].sparse = how;
  return must(build_network(what, {200, 0, 3}));
}

std::string complaint(const sparsity& how) {
  network_description what;
  what.layers = {line(1, "few", layer_kind::sparse, 8),
                 line(2, "out", layer_kind::dense, 0)};
  what.layers[0].sparse = how;
  return sentence(build_network(what, {20, 0, 3}));
}

} // namespace

TEST_CASE("a neuron reads as many different columns as its degree") {
  CHECK(rc::check("distinct, ascending, in range, the same again", [] {
    sparsity how;
    how.degree = *rc::gen::inRange<uint32_t>(1, 201);
    how.pattern = *rc::gen::element(connection_pattern::random,
                                    connection_pattern::clustered);
    how.clusters = *rc::gen::inRange<uint32_t>(1, 40);
    how.inside = *rc::gen::element(0.0, 0.5, 1.0);
    how.seed = *rc::gen::arbitrary<uint32_t>();
    auto net = two_sparse_layers(how, 200);
    auto neuron = *rc::gen::inRange<uint64_t>(0, 200);
    auto columns = sparse_connections{net, 1}.of(neuron);
    RC_ASSERT(columns.size() == net.layers[1].row_width);
    RC_ASSERT(std::ranges::adjacent_find(columns, std::greater_equal<>{})
              == columns.end());
    RC_ASSERT(columns.back() < input_width(net, 1));
    RC_ASSERT((sparse_connections{net, 1}.of(neuron) == columns));
  }));
}

TEST_CASE("clusters keep most connections to themselves") {
  sparsity how{.degree = 8,
               .pattern = connection_pattern::clustered,
               .clusters = 10,
               .inside = 0.9};
  auto net = two_sparse_layers(how);
  sparse_connections connections{net, 2};
  auto& second = net.layers[2];
  uint64_t inside = 0;
  for (auto id = second.first; id < second.first + second.units; ++id)
    for (auto column : connections.of(id)) {
      auto from = source_of(net, 2, column);
      REQUIRE(from.neuron);
      inside += cluster_of(how, *from.neuron) == cluster_of(how, id);
    }
  auto share = static_cast<double>(inside)
               / static_cast<double>(second.units * how.degree);
  // 0.9 inside, and a tenth of the others by chance.
  CHECK(share > 0.88);
  CHECK(share < 0.94);
}

TEST_CASE("random connections prefer no column") {
  auto net = two_sparse_layers({.degree = 20}, 3000);
  sparse_connections connections{net, 1};
  std::vector<uint64_t> readers(input_width(net, 1));
  for (neuron_id id = 0; id < 3000; ++id)
    for (auto column : connections.of(id))
      ++readers[column];
  // 300 are expected of each, give or take 17.
  CHECK(*std::ranges::min_element(readers) > 220);
  CHECK(*std::ranges::max_element(readers) < 380);
}

TEST_CASE("a sparse layer has weights for its connections only") {
  auto net = two_sparse_layers({.degree = 7});
  CHECK(net.layers[1].row_width == 7);
  CHECK(net.layers[1].parameters() == 300 * 8);
  CHECK(input_width(net, 1) == 200);
}

TEST_CASE("what a sparse layer cannot be") {
  CHECK(complaint({.degree = 0})
        == "exp.toml:1:1: layer 'few': a sparse layer needs a degree, the "
           "number of inputs that each neuron reads");
  CHECK(complaint({.degree = 21})
        == "exp.toml:1:1: layer 'few': each neuron is to read 21 values, but "
           "its inputs have only 20");
  CHECK(complaint({.degree = 2, .clusters = 0})
        == "exp.toml:1:1: layer 'few': there can be 1 to 1048576 clusters, "
           "found 0");
  CHECK(complaint({.degree = 2, .inside = std::nan("")})
        == "exp.toml:1:1: layer 'few': the share of connections inside a "
           "cluster is from 0 to 1, found nan");
}

TEST_CASE("a column knows where it comes from") {
  auto net = small_language_model();
  // "out" reads "first", 7 neurons, then "second", 4.
  auto from = source_of(net, 4, 8);
  CHECK(from.layer == 3);
  CHECK(from.neuron == net.layers[3].first + 1);
  CHECK(column_of(net, 4, *from.neuron, 0) == 8);
  // "first" reads 3 embedded neurons of 4 values.
  auto embedded = source_of(net, 2, 7);
  CHECK(embedded.neuron == net.layers[1].first + 1);
  CHECK(embedded.position == 3);
}
