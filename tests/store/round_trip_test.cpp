#include "nnactor/store/checksum.hpp"
#include "store/fixture.hpp"
#include "store/observed_filesystem.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace nnactor;
using namespace nnactor::test;

TEST_CASE("a model is written, committed and read again") {
  scratch_folder scratch;
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    auto net = small_network();
    model_store writer{fs, folder};
    CHECK(writer.claim_epoch() == 1u);
    CHECK(writer.generations()->empty());
    CHECK(code_of(writer.open(choice::newest).error()) == ec::store_missing);

    auto first = commit_model(writer, 1, net, deal(net, 3), 2.5);
    REQUIRE_MESSAGE(first, explain(first.error()));
    CHECK(first->generation == 1);
    CHECK(first->parent == digest{});
    auto second = commit_model(writer, 1, net, deal(net, 3), 2.75);
    REQUIRE(second);
    CHECK(second->generation == 2);
    CHECK(second->parent
          == digest_of(read_file(*fs, folder + "/manifest.000001")));

    model_store reader{fs, folder};
    CHECK(*reader.generations() == std::vector<uint64_t>{1, 2});
    auto newest = reader.open(choice::newest);
    REQUIRE(newest);
    CHECK(newest->generation == 2);
    CHECK(newest->step == 200);
    CHECK(reads_whole(reader, *newest));
    CHECK(reader.open(choice::best)->generation == 1);
    CHECK(reader.open(1)->generation == 1);
    CHECK(code_of(reader.open(7).error()) == ec::store_missing);
    CHECK(reader.verify(*newest, nullptr)->empty());
    // No temporary name is left.
    CHECK(*fs->list(folder)
          == std::vector<std::string>{"000001", "000002", "epoch.1",
                                      "manifest.000001", "manifest.000002"});
  }
}

TEST_CASE("layers without parameters are written, committed and read again") {
  transformer_writer written{7, 4, 10};
  written.stream({}, false);
  written.attention(2, {.head_size = 3}, true);
  written.mlp(8, activation::silu, true, true);
  written.stream({}, false);
  auto net = written.finish(4);
  auto bare = net.layers[must(net.find("stream0"))].neurons();
  auto all = neuron_set::range(0, net.neuron_count());
  // One part has nothing to write.
  for (const auto& parts :
       {deal(net, 3), partition{{subtract(all, bare), bare}}}) {
    model_store writer{make_memory_filesystem(), "m"};
    REQUIRE(writer.claim_epoch());
    auto first = commit_model(writer, 1, net, parts);
    REQUIRE_MESSAGE(first, explain(first.error()));
    auto newest = writer.open(choice::newest);
    REQUIRE_MESSAGE(newest, explain(newest.error()));
    CHECK(newest->net.layers == net.layers);
    CHECK(newest->net.context == 4);
    CHECK(newest->parts.parts == parts.parts);
    CHECK(reads_whole(writer, *newest));
    CHECK(writer.verify(*newest, nullptr)->empty());
    auto none = writer.read(*newest, net.layer_of(bare.id_at(0)), bare);
    REQUIRE_MESSAGE(none, explain(none.error()));
    CHECK(none->parameters.empty());
  }
}

TEST_CASE("a store that is not there is missing, in one line") {
  scratch_folder scratch;
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    model_store store{fs, folder};
    auto err = store.open(choice::newest).error();
    CHECK(code_of(err) == ec::store_missing);
    CHECK(explain(err) == folder + ": holds no model, there is no such folder");
    CHECK(code_of(store.generations().error()) == ec::store_missing);
  }
}

TEST_CASE("slices lie at multiples of 64 bytes with zeros between") {
  auto fs = make_memory_filesystem();
  model_store store{fs, "m"};
  REQUIRE(store.claim_epoch());
  auto net = small_network();
  auto what = write_parts(store, 1, net, deal(net, 1));
  REQUIRE(what);
  auto bytes = read_file(*fs, "m/" + what->slices[0].file);
  uint64_t end = 0;
  for (auto& x : what->slices) {
    CHECK(x.offset % 64 == 0);
    CHECK(x.offset - end < 64);
    for (; end < x.offset; ++end)
      CHECK(bytes[end] == std::byte{0});
    auto part = std::span{bytes}.subspan(x.offset, x.length);
    CHECK(digest_of(part) == x.sum);
    CHECK(checksums_of(part) == x.checksums);
    end = x.offset + x.length;
  }
  CHECK(bytes.size() == end);
}

TEST_CASE("any partition reads what any other wrote") {
  auto net = small_network();
  CHECK(rc::check("rows", [&] {
    model_store store{make_memory_filesystem(), "m"};
    RC_ASSERT(store.claim_epoch());
    auto writers = deal(net, *rc::gen::inRange<uint64_t>(1, 6));
    auto what = commit_model(store, 1, net, writers);
    RC_ASSERT(what);
    auto readers = deal(net, *rc::gen::inRange<uint64_t>(1, 6));
    for (auto& part : readers.parts)
      for (auto& group : groups_of(net, part)) {
        auto rows = store.read(*what, group.layer, group.neurons);
        RC_ASSERT(rows);
        RC_ASSERT(equal(*rows, group));
      }
  }));
}

TEST_CASE("a model of three parts is read by two and by five") {
  scratch_folder scratch;
  auto net = wide_network();
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    model_store store{fs, folder};
    REQUIRE(store.claim_epoch());
    auto what = commit_model(store, 1, net, deal(net, 3));
    REQUIRE_MESSAGE(what, explain(what.error()));
    for (uint64_t count : {2, 5}) {
      auto readers = deal(net, count);
      for (auto& part : readers.parts)
        for (auto& group : groups_of(net, part)) {
          auto rows = store.read(*what, group.layer, group.neurons);
          REQUIRE(rows);
          CHECK(equal(*rows, group));
        }
    }
  }
}

TEST_CASE("a reader of some neurons reads only the pieces that hold them") {
  auto fs = std::make_shared<observed_filesystem>(make_memory_filesystem());
  model_store store{fs, "m"};
  REQUIRE(store.claim_epoch());
  auto net = wide_network();
  auto what = commit_model(store, 1, net, deal(net, 1));
  REQUIRE(what);
  fs->bytes_read = 0;

  // One neuron: one piece each of weight and its two moments, and the biases.
  auto one = neuron_set::range(7, 8);
  auto row = store.read(*what, 1, one);
  REQUIRE(row);
  CHECK(equal(*row, parameters_of(net, 1, one)));
  CHECK(fs->bytes_read == 3 * piece_size + 3 * 500 * sizeof(float));

  // A row that straddles two pieces takes both.
  fs->bytes_read = 0;
  auto straddling = neuron_set::range(131, 132);
  CHECK(equal(*store.read(*what, 1, straddling),
              parameters_of(net, 1, straddling)));
  CHECK(fs->bytes_read == 6 * piece_size + 3 * 500 * sizeof(float));

  // Everything is read once, however many rows share a piece.
  fs->bytes_read = 0;
  REQUIRE(store.read(*what, 1, net.layers[1].neurons()));
  CHECK(fs->bytes_read == 3 * 500 * 2001 * sizeof(float));
}

TEST_CASE("a reader asks for neurons of the layer only") {
  model_store store{make_memory_filesystem(), "m"};
  REQUIRE(store.claim_epoch());
  auto net = small_network();
  auto what = commit_model(store, 1, net, deal(net, 2));
  REQUIRE(what);
  CHECK(store.read(*what, 1, {})->parameters.size() == 3);
  CHECK(explain(store.read(*what, 1, neuron_set::range(2, 5)).error())
        == "neurons 3-4 are not in layer 'embedding'");
  CHECK(code_of(store.read(*what, 99, {}).error()) == ec::invalid_argument);
}

TEST_CASE("who reads the same token sees the same store") {
  scratch_folder scratch;
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    model_store one{fs, folder}, other{fs, folder};
    CHECK(one.claim_epoch() == 1u);
    CHECK(other.claim_epoch() == 2u);
    CHECK(one.epoch_token(1)->size() == 32);
    CHECK(*one.epoch_token(1) == *other.epoch_token(1));
    CHECK(*one.epoch_token(1) != *one.epoch_token(2));
    CHECK(code_of(one.epoch_token(3).error()) == ec::store_missing);
  }
}

TEST_CASE("parameters that are no matrix of the group are not written") {
  model_store store{make_memory_filesystem(), "m"};
  REQUIRE(store.claim_epoch());
  auto net = small_network();
  auto group = parameters_of(net, 2, net.layers[2].neurons());
  group.neurons = neuron_set::range(3, 5);
  CHECK(code_of(store.write_slices(1, 1, "n", {group}).error())
        == ec::internal);
  CHECK(store.write_slices(1, 1, "n", {})->empty());
}
