#include "nnactor/store/manifest.hpp"

#include "nnactor/codec/framed.hpp"
#include "nnactor/store/checksum.hpp"
#include "store/fixture.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

manifest sample() {
  model_store store{make_memory_filesystem(), "m"};
  auto epoch = store.claim_epoch();
  REQUIRE(epoch);
  auto net = small_network();
  auto what = write_parts(store, *epoch, net, deal(net, 2));
  REQUIRE(what);
  what->generation = 3;
  what->parent[0] = std::byte{9};
  what->validation_loss = 2.5;
  what->train.seed = 77;
  what->vocabulary = {10, 32, 0x1F600};
  what->experiment = "[train]\nsteps = 5\n";
  return *what;
}

bool same(const slice& x, const slice& y) {
  return x.layer == y.layer && x.parameter == y.parameter
         && x.neurons == y.neurons && x.columns == y.columns && x.file == y.file
         && x.offset == y.offset && x.length == y.length
         && x.checksums == y.checksums && x.sum == y.sum;
}

bool same(const std::vector<slice>& x, const std::vector<slice>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](auto& a, auto& b) { return same(a, b); });
}

std::string complaint(const manifest& what) {
  auto read = decode_manifest(encode(what));
  REQUIRE_FALSE(read);
  CHECK(code_of(read.error()) == ec::store_corrupt);
  return explain(read.error());
}

bool says(const std::string& text, const std::string& part) {
  auto found = text.find(part) != std::string::npos;
  if (!found)
    MESSAGE("\"", text, "\" does not say \"", part, "\"");
  return found;
}

} // namespace

TEST_CASE("a manifest is read as it was written") {
  auto what = sample();
  auto read = decode_manifest(encode(what));
  REQUIRE_MESSAGE(read, explain(read.error()));
  CHECK(read->generation == 3);
  CHECK(read->epoch == what.epoch);
  CHECK(read->step == what.step);
  CHECK(read->parent == what.parent);
  CHECK(read->validation_loss == 2.5);
  CHECK(read->net.layers.size() == what.net.layers.size());
  CHECK(read->parts.parts == what.parts.parts);
  CHECK(read->train.seed == 77);
  CHECK(read->vocabulary == what.vocabulary);
  CHECK(read->experiment == what.experiment);
  CHECK(same(read->slices, what.slices));
  what.validation_loss.reset();
  CHECK_FALSE(decode_manifest(encode(what))->validation_loss);
}

TEST_CASE("the same manifest gives the same bytes") {
  auto what = sample();
  CHECK(encode(what) == encode(what));
}

TEST_CASE("every flipped byte of a manifest is noticed") {
  auto bytes = encode(sample());
  size_t unnoticed = 0;
  for (auto& byte : bytes) {
    auto before = byte;
    for (auto mask : {std::byte{1}, std::byte{0x80}, std::byte{0xff}}) {
      byte = before ^ mask;
      unnoticed += decode_manifest(bytes) ? 1 : 0;
    }
    byte = before;
  }
  CHECK(unnoticed == 0);
  CHECK(decode_manifest(bytes));
}

TEST_CASE("a manifest that is cut or grown is noticed") {
  auto bytes = encode(sample());
  for (size_t size = 0; size < bytes.size(); size += 7)
    CHECK_FALSE(decode_manifest(std::span{bytes}.first(size)));
  bytes.push_back(std::byte{0});
  CHECK_FALSE(decode_manifest(bytes));
}

TEST_CASE("content that was not written by us fails in order, digest or not") {
  // With a digest that matches, only the checks of the content are left.
  auto whole = encode(sample());
  auto payload = unframe("NNACTORM", 1, whole, ec::store_corrupt);
  REQUIRE(payload);
  CHECK(rc::check("a flipped byte under a good digest", [&] {
    auto damaged = *payload;
    auto at = *rc::gen::inRange<size_t>(0, damaged.size());
    damaged[at] ^= std::byte{*rc::gen::inRange<uint8_t>(1, 255)};
    auto read = decode_manifest(frame("NNACTORM", 1, damaged));
    if (!read)
      RC_ASSERT(code_of(read.error()) == ec::store_corrupt);
  }));
}

TEST_CASE("a few bytes that claim to be millions of sets are refused") {
  constexpr uint64_t count = 7'000'000;
  // One segment of four words: a struct with two pointers, the first to a list
  // of so many structs without content, whose tag is the last word.
  const uint64_t message[] = {uint64_t{4} << 32, uint64_t{2} << 48,
                              (uint64_t{7} << 32) | 5, 0, count << 2};
  auto read = decode_slices(std::as_bytes(std::span{message}));
  REQUIRE_FALSE(read);
  CHECK(code_of(read.error()) == ec::store_corrupt);
  CHECK(says(explain(read.error()), "malformed message"));
}

TEST_CASE("slices that do not fit the network are refused by name") {
  auto what = sample();
  auto& x = what.slices[0];
  SUBCASE("layer") {
    x.layer = 99;
    CHECK(says(complaint(what), "a slice of layer 99"));
  }
  SUBCASE("neurons of another layer") {
    x.neurons = neuron_set::range(4, 4 + x.neurons.size());
    CHECK(says(complaint(what), "are not in layer 'embedding'"));
  }
  SUBCASE("no neurons") {
    x.neurons = {};
    CHECK(says(complaint(what), "without neurons"));
  }
  SUBCASE("length") {
    x.length += 4;
    CHECK(says(complaint(what), "do not fill"));
  }
  SUBCASE("a length that overflows") {
    x.columns = uint64_t{1} << 62;
    x.length = 0;
    CHECK(says(complaint(what), "do not fill"));
  }
  SUBCASE("columns") {
    x.columns *= 2;
    x.length *= 2;
    CHECK(says(complaint(what), "columns instead of"));
  }
  SUBCASE("offset") {
    x.offset = 4;
    CHECK(says(complaint(what), "only at multiples of 64"));
  }
  SUBCASE("overlap") {
    x.offset = what.slices[1].offset;
    CHECK(says(complaint(what), "overlap"));
  }
  SUBCASE("checksums") {
    x.checksums.push_back(1);
    CHECK(says(complaint(what), "2 checksums for 1 pieces"));
  }
  SUBCASE("parameter") {
    x.parameter = "adam.step";
    CHECK(says(complaint(what), "no parameter 'adam.step'"));
  }
  SUBCASE("bias of a layer that has none") {
    x.parameter = "bias";
    CHECK(says(complaint(what), "no parameter 'bias'"));
  }
  SUBCASE("file") {
    for (auto file : {"/etc/passwd", "../../etc/passwd", "a/../../b", ""}) {
      x.file = file;
      CHECK(says(complaint(what), "not below the folder"));
    }
  }
  SUBCASE("generation") {
    what.generation = 0;
    CHECK(says(complaint(what), "generation 0"));
  }
  SUBCASE("vocabulary") {
    what.vocabulary = {5, 5};
    CHECK(says(complaint(what), "vocabulary"));
  }
}

TEST_CASE("a node's slices reach the coordinator unchanged") {
  auto slices = sample().slices;
  auto read = decode_slices(encode(slices));
  REQUIRE(read);
  CHECK(same(*read, slices));
  CHECK(decode_slices(encode(std::vector<slice>{}))->empty());
  CHECK_FALSE(decode_slices({}));
  slices[0].file = "../x";
  CHECK_FALSE(decode_slices(encode(slices)));
}

TEST_CASE("coverage holds when every neuron has everything once") {
  auto what = sample();
  CHECK_FALSE(check_coverage(what));
  SUBCASE("a neuron is missing") {
    what.slices.erase(what.slices.begin());
    auto text = explain(check_coverage(what));
    CHECK(says(text, "layer 'embedding': neurons 0,2 have no 'weight'"));
  }
  SUBCASE("a neuron is there twice") {
    auto again = what.slices[0];
    again.file = "000003/1.other.ab";
    what.slices.push_back(again);
    auto text = explain(check_coverage(what));
    CHECK(says(text, "neurons 0,2 have 'weight' twice"));
  }
  SUBCASE("a bias is missing") {
    std::erase_if(what.slices, [](auto& x) { return x.parameter == "bias"; });
    CHECK(says(explain(check_coverage(what)), "have no 'bias'"));
  }
  SUBCASE("optimizer state may be absent") {
    std::erase_if(what.slices,
                  [](auto& x) { return x.parameter.starts_with("adam"); });
    CHECK_FALSE(check_coverage(what));
  }
  SUBCASE("but not in part") {
    std::erase_if(what.slices, [](auto& x) {
      return x.parameter == "adam.v.weight" && x.layer == 2;
    });
    CHECK(says(explain(check_coverage(what)), "have no 'adam.v.weight'"));
  }
  SUBCASE("there is nothing at all") {
    what.slices.clear();
    CHECK(says(explain(check_coverage(what)), "neurons 0-2 have no"));
  }
}
