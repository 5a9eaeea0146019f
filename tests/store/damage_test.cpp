#include "nnactor/store/checksum.hpp"
#include "nnactor/store/slice_check.hpp"
#include "store/fixture.hpp"
#include "support/sanitized.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace nnactor;
using namespace nnactor::test;

namespace {

// Two generations of a small model in memory.
struct two_generations {
  std::shared_ptr<filesystem> fs = make_memory_filesystem();
  model_store store{fs, "m"};
  network net = small_network();
  manifest first, second;

  two_generations() {
    REQUIRE(store.claim_epoch());
    first = commit(2.5);
    second = commit(2.25);
  }

  manifest commit(double loss) {
    auto committed = commit_model(store, 1, net, deal(net, 2), loss);
    REQUIRE_MESSAGE(committed, explain(committed.error()));
    return *committed;
  }

  std::string file(const slice& x) const {
    return "m/" + x.file;
  }

  uint64_t newest() {
    return store.open(choice::newest)->generation;
  }
};

} // namespace

TEST_CASE_FIXTURE(two_generations, "each damaged slice is named") {
  for (size_t i = 0; i < second.slices.size(); ++i) {
    auto& x = second.slices[i];
    for (auto at : {x.offset, x.offset + x.length - 1}) {
      flip(*fs, file(x), at);
      auto found = store.verify(second, nullptr);
      REQUIRE(found);
      REQUIRE(found->size() == 1);
      CHECK((*found)[0].slice == i);
      CHECK((*found)[0].what
            == fmt::format("{}: bytes {} to {} do not match their CRC-32C: {}",
                           file(x), x.offset, x.offset + x.length - 1,
                           describe(net, x)));
      auto rows = store.read(second, x.layer, x.neurons);
      CHECK(code_of(rows.error()) == ec::store_corrupt);
      flip(*fs, file(x), at);
    }
  }
  CHECK(store.verify(second, nullptr)->empty());
}

TEST_CASE_FIXTURE(two_generations, "the padding between slices is no matter") {
  auto& x = second.slices[0];
  REQUIRE(second.slices[1].offset > x.offset + x.length);
  flip(*fs, file(x), x.offset + x.length);
  CHECK(store.verify(second, nullptr)->empty());
}

TEST_CASE_FIXTURE(two_generations,
                  "a checksum that lies is caught by the sum") {
  second.slices[0].sum[5] ^= std::byte{1};
  auto found = store.verify(second, nullptr);
  REQUIRE(found->size() == 1);
  CHECK((*found)[0].what.find("do not match their SHA-256")
        != std::string::npos);
}

TEST_CASE_FIXTURE(two_generations, "progress adds up to everything") {
  uint64_t seen = 0, all = 0;
  for (auto& x : second.slices)
    all += x.length;
  REQUIRE(store.verify(second, [&](uint64_t bytes) { seen += bytes; }));
  CHECK(seen == all);
}

TEST_CASE_FIXTURE(two_generations, "a torn file falls back a generation") {
  auto& x = second.slices.back();
  auto bytes = read_file(*fs, file(x));
  bytes.resize(bytes.size() / 2);
  replace_file(*fs, file(x), bytes);
  CHECK(newest() == 1);
  CHECK(reads_whole(store, first));
  // Its best loss does not help it.
  CHECK(store.open(choice::best)->generation == 1);
  // And verify still names what is wrong with it.
  auto found = store.verify(*store.open(2), nullptr);
  REQUIRE(found);
  CHECK(found->size() > 1);
  CHECK(found->back().what.find("are missing") != std::string::npos);
  CHECK(found->back().slice == second.slices.size() - 1);
}

TEST_CASE_FIXTURE(two_generations,
                  "every flipped bit of a manifest falls back") {
  auto path = "m/manifest.000002";
  auto bytes = read_file(*fs, path);
  size_t unnoticed = 0;
  for (size_t bit = 0; bit < 8 * bytes.size(); bit += stride) {
    auto damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    replace_file(*fs, path, damaged);
    unnoticed += newest() == 1 ? 0 : 1;
  }
  CHECK(unnoticed == 0);
  replace_file(*fs, path, bytes);
  CHECK(newest() == 2);
}

TEST_CASE_FIXTURE(two_generations,
                  "what a reader found damaged is passed over") {
  auto& x = second.slices[0];
  flip(*fs, file(x), x.offset);
  CHECK(newest() == 2); // Its slices are not read to open it.
  CHECK_FALSE(store.read(second, x.layer, x.neurons));
  store.distrust(2);
  CHECK(newest() == 1);
  CHECK(store.open(choice::best)->generation == 1);
  store.distrust(1);
  CHECK(code_of(store.open(choice::newest).error()) == ec::store_missing);
}

TEST_CASE("a slice that is torn at any block is noticed, and where") {
  constexpr uint64_t block = 4096;
  auto fs = make_memory_filesystem();
  model_store store{fs, "m"};
  REQUIRE(store.claim_epoch());
  auto net = wide_network();
  REQUIRE(commit_model(store, 1, net, deal(net, 1)));
  auto what = *commit_model(store, 1, net, deal(net, 1));
  auto& x = what.slices[0];
  auto path = "m/" + x.file;
  auto whole = read_file(*fs, path);
  auto row_bytes = x.columns * sizeof(float);
  for (auto end = x.offset; end + block < x.offset + x.length;
       end += stride * block) {
    CAPTURE(end);
    auto torn = whole;
    torn.resize(end);
    replace_file(*fs, path, torn);
    REQUIRE(store.open(choice::newest)->generation == 1);
    // The file has its length, but one block of it was never written.
    torn = whole;
    std::fill_n(torn.begin() + static_cast<ptrdiff_t>(end), block,
                std::byte{0});
    replace_file(*fs, path, torn);
    auto neuron = x.neurons.id_at((end - x.offset) / row_bytes);
    auto read =
        store.read(what, x.layer, neuron_set::range(neuron, neuron + 1));
    REQUIRE_FALSE(read);
    REQUIRE(explain(read.error()).find("do not match their CRC-32C")
            != std::string::npos);
  }
}

TEST_CASE("10,000 flipped bits in slices are noticed, each where it is") {
  auto fs = make_memory_filesystem();
  model_store store{fs, "m"};
  REQUIRE(store.claim_epoch());
  auto net = small_network();
  auto what = *commit_model(store, 1, net, deal(net, 2));
  std::mt19937_64 random{1};
  for (uint64_t i = 0; i < 10000; i += stride) {
    auto index = random() % what.slices.size();
    auto& x = what.slices[index];
    auto path = "m/" + x.file;
    auto whole = read_file(*fs, path);
    auto damaged = whole;
    damaged[x.offset + random() % x.length] ^= std::byte{1} << (random() % 8);
    replace_file(*fs, path, damaged);
    auto found = store.verify(what, nullptr);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    REQUIRE(found->front().slice == index);
    REQUIRE_FALSE(store.read(what, x.layer, x.neurons));
    replace_file(*fs, path, whole);
  }
}

TEST_CASE_FIXTURE(two_generations, "a lost file falls back a generation") {
  REQUIRE_FALSE(fs->remove(file(second.slices[0])));
  CHECK(newest() == 1);
  auto found = store.verify(second, nullptr);
  REQUIRE(found);
  CHECK(found->front().what.find("cannot open: No such file")
        != std::string::npos);
}

TEST_CASE_FIXTURE(two_generations, "a damaged manifest falls back") {
  flip(*fs, "m/manifest.000002", 100);
  CHECK(newest() == 1);
  auto err = store.open(2).error();
  CHECK(code_of(err) == ec::store_corrupt);
  CHECK(explain(err).starts_with("m/manifest.000002: "));

  // Training goes on beyond the damaged number, from the one before.
  CHECK(store.next_generation() == 3u);
  auto third = commit(2);
  CHECK(third.generation == 3);
  CHECK(third.parent == digest_of(read_file(*fs, "m/manifest.000001")));
  CHECK(newest() == 3);
}

TEST_CASE_FIXTURE(two_generations, "a manifest under a wrong name is damaged") {
  replace_file(*fs, "m/manifest.000009", read_file(*fs, "m/manifest.000001"));
  CHECK(newest() == 2);
  CHECK(explain(store.open(9).error())
        == "m/manifest.000009: is the manifest of generation 1");
}

TEST_CASE_FIXTURE(two_generations, "where all is damaged the newest is named") {
  flip(*fs, "m/manifest.000001", 100);
  flip(*fs, "m/manifest.000002", 100);
  auto err = store.open(choice::newest).error();
  CHECK(code_of(err) == ec::store_corrupt);
  CHECK(explain(err).starts_with("m/manifest.000002: "));
}

TEST_CASE("damage names the neurons of the damaged pieces") {
  auto fs = make_memory_filesystem();
  model_store store{fs, "m"};
  REQUIRE(store.claim_epoch());
  auto net = wide_network();
  auto what = commit_model(store, 1, net, deal(net, 1));
  REQUIRE(what);
  auto& weight = what->slices[0];
  REQUIRE(weight.checksums.size() == 4);
  auto path = "m/" + weight.file;
  // The second piece begins within row 131 and ends within row 262.
  flip(*fs, path, weight.offset + piece_size + 9);
  auto found = store.verify(*what, nullptr);
  REQUIRE(found->size() == 1);
  CHECK(found->front().what
        == path
               + ": bytes 1048576 to 2097151 do not match their CRC-32C: layer "
                 "'hidden' weight, neurons 131-262");
  flip(*fs, path, weight.offset + 3 * piece_size);
  found = store.verify(*what, nullptr);
  REQUIRE(found->size() == 1);
  CHECK(found->front().what.ends_with(
      "neurons 131-262,393-499 (in 2 pieces of a MiB, this is the first)"));
  // Rows of other pieces are still good.
  CHECK(store.read(*what, 1, neuron_set::range(263, 393)));
  CHECK_FALSE(store.read(*what, 1, neuron_set::range(262, 263)));
}
