#include "config/parse.hpp"

using namespace nnactor;

namespace {

/// A config whose parts are the given tables, from line 3 on.
std::string parts(std::initializer_list<const char*> tables) {
  auto text = minimal;
  for (const auto* table : tables)
    text += std::string{"[[distribute.partition]]\n"} + table + "\n";
  return text;
}

} // namespace

TEST_CASE("parts go by percentage, each picked its own way") {
  auto x = parsed(parts({"percentage = 37\npick = 'random'",
                         "percentage = 62.5\npick = 'end'", "percentage = 0.5"})
                  + "[distribute]\nseed = 5")
               .distribute;
  CHECK(x.how == mechanism::percentage);
  CHECK(x.seed == 5);
  CHECK(x.per_layer);
  REQUIRE(x.shares.size() == 3);
  CHECK(x.shares[0].percentage == 37);
  CHECK(x.shares[0].from == pick::random);
  CHECK(x.shares[1].percentage == 62.5);
  CHECK(x.shares[1].from == pick::end);
  CHECK(x.shares[2].from == pick::begin);
  CHECK(to_string(x.shares[1].where) == "x.toml:6:1");
}

TEST_CASE("parts go by count, of the network as a whole if so told") {
  auto x = parsed(parts({"count = 10", "count = 7"})
                  + "[distribute]\nper_layer = false")
               .distribute;
  CHECK(x.how == mechanism::count);
  CHECK(x.shares[1].count == 7);
  CHECK_FALSE(x.per_layer);
}

TEST_CASE("parts go by neuron ids and ranges in any order") {
  auto x =
      parsed(parts({"ids = [9, '0-3', 5]", "ids = ['4', '6-8']"})).distribute;
  CHECK(x.how == mechanism::ids);
  CHECK_FALSE(x.per_layer);
  CHECK(x.shares[0].ids
        == std::vector<neuron_interval>{{9, 10}, {0, 4}, {5, 6}});
  CHECK(x.shares[1].ids == std::vector<neuron_interval>{{4, 5}, {6, 9}});
}

TEST_CASE("parts go by whole layers") {
  auto x = parsed(parts({"layers = ['a', 'b']", "layers = ['c']"})).distribute;
  CHECK(x.how == mechanism::layers);
  CHECK_FALSE(x.per_layer);
  CHECK(x.shares[0].layers == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an even split takes as many parts as it is told") {
  auto x = parsed(minimal + "[distribute]\nparts = 7").distribute;
  CHECK(x.how == mechanism::even);
  CHECK(x.parts == 7);
}

TEST_CASE("a part that goes by nothing, by two things or unlike the others") {
  CHECK(error_of(parts({"pick = 'end'"}))
        == "x.toml:4:8: 'distribute.partition.pick' only goes with percentage "
           "and count");
  CHECK(error_of(parts({""}))
        == "x.toml:3:1: a part needs exactly one of percentage, count, ids, "
           "layers, types and speed; this one has none");
  CHECK(error_of(parts({"count = 1\nids = [1]"}))
        == "x.toml:3:1: a part needs exactly one of percentage, count, ids, "
           "layers, types and speed; this one has count and ids");
  CHECK(error_of(parts({"count = 1", "percentage = 1"}))
        == "x.toml:5:1: this part goes by percentage but the first by count; "
           "all parts must go by the same");
  CHECK(error_of(parts({"count = 1"}) + "[distribute]\nparts = 2")
        == "x.toml:6:9: 'distribute.parts' splits evenly, so there must be no "
           "[[distribute.partition]]");
}

TEST_CASE("shares and ids that cannot be") {
  CHECK(error_of(parts({"percentage = 101"}))
        == "x.toml:4:14: 'distribute.partition.percentage' is 101 but must be "
           "above 0 and at most 100");
  CHECK(error_of(parts({"count = 0"}))
        == "x.toml:4:9: 'distribute.partition.count' is 0 but must be at least "
           "1");
  CHECK(error_of(parts({"ids = []"}))
        == "x.toml:4:7: 'distribute.partition.ids' must not be empty");
  CHECK(error_of(parts({"ids = 5"}))
        == "x.toml:4:7: 'distribute.partition.ids' must be a list of numbers "
           "and ranges, not an integer");
  for (const auto* id : {"-1", "1.5", "'20-10'", "'1-'", "'-1'", "'a'", "''",
                         "'1-2-3'", "'99999999999999999999'"}) {
    CAPTURE(id);
    CHECK(error_of(parts({fmt::format("ids = [1, {}]", id).c_str()}))
          == fmt::format("x.toml:4:11: 'distribute.partition.ids' has {}, but "
                         "takes neuron numbers and ranges such as \"10-20\"",
                         id));
  }
}

TEST_CASE("parts are told where they are written, whatever else is set") {
  auto in_file =
      parsed(parts({"count = 1", "count = 2"}), {"distribute.per_layer=false"});
  CHECK(to_string(in_file.distribute.where) == "x.toml:3:1");
  auto set = parsed(minimal, {"distribute.per_layer=false",
                              "distribute.partition=[{count=1},{count=2}]"});
  CHECK(to_string(set.distribute.where) == "--set distribute.partition");
}

TEST_CASE("types, speeds and memory") {
  auto types =
      parsed(parts({"types = ['embedding', 'head']", "types = ['body']"}))
          .distribute;
  CHECK(types.how == mechanism::types);
  CHECK(!types.per_layer);
  CHECK(types.shares[0].types == std::vector<std::string>{"embedding", "head"});
  auto speeds = parsed(parts({"speed = 3", "speed = 1.5\nmemory = "
                                           "'2 GiB'"}))
                    .distribute;
  CHECK(speeds.how == mechanism::capacity);
  CHECK(speeds.per_layer);
  CHECK(speeds.shares[0].memory == 0);
  CHECK(speeds.shares[1].speed == 1.5);
  CHECK(speeds.shares[1].memory == uint64_t{2} << 30);
  auto measured = parsed(minimal + "[distribute]\nby = 'capacity'").distribute;
  CHECK(measured.waits_for_nodes());
  CHECK(error_of(minimal + "[distribute]\nby = 'capacity'\nparts = 2")
        == "x.toml:4:6: 'distribute.by' asks the nodes how many parts there "
           "are, so there must be no parts");
  auto planned = parsed(minimal + "[distribute]\nby = 'auto'").distribute;
  CHECK(planned.how == mechanism::automatic);
  CHECK(planned.waits_for_nodes());
  CHECK(error_of(minimal + "[distribute]\nby = 'layerwise'\nper_layer = true")
        == "x.toml:4:6: 'distribute.by' is a plan of layers and neurons, so "
           "there must be no per_layer");
  auto cut = parsed(minimal + "[distribute]\nby = 'connectivity'\nparts = 5")
                 .distribute;
  CHECK(cut.how == mechanism::connectivity);
  CHECK(cut.parts == 5);
  CHECK_FALSE(cut.per_layer);
  CHECK(error_of(parts({"count = 1\nmemory = 5"}))
        == "x.toml:5:10: 'distribute.partition.memory' only goes with speed");
  CHECK(error_of(parts({"speed = 1\nmemory = '2 parsecs'"}))
        == "x.toml:5:10: 'distribute.partition.memory' is '2 parsecs' but must "
           "be bytes such as \"2 GiB\" or \"500 MB\"");
}
