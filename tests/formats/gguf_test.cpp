#include "formats/gguf_builder.hpp"
#include "nnactor/formats/gguf.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;
using namespace nnactor::test;

namespace {

result<gguf_file> read(const gguf_builder& from) {
  return read_gguf(*from.file(), "m.gguf");
}

std::string complaint(const gguf_builder& from) {
  auto out = read(from);
  return out ? "none" : explain(out.error());
}

/// Two tensors behind one another, and keys of every kind.
gguf_builder whole_file() {
  gguf_builder out;
  out.start(2, 9);
  out.key("general.architecture", 8).text("llama");
  out.key("llama.block_count", 4).add<uint32_t>(2);
  out.key("llama.context_length", 10).add<uint64_t>(8192);
  out.key("llama.epsilon", 6).add<float>(0.5f);
  out.key("a.flag", 7).add<uint8_t>(1);
  out.key("a.negative", 5).add<int32_t>(-3);
  out.array("a.words", 8, 2).text("one").text("");
  out.array("a.scores", 6, 2).add<float>(0.25f).add<float>(-1);
  out.array("a.types", 5, 3).add<int32_t>(1).add<int32_t>(-2).add<int32_t>(3);
  out.tensor("rows", {4, 3}, 0, 0).tensor("half", {5}, 1, 64);
  return out.data(64 + 10);
}

std::string size_text(uint64_t keys_and_tensors) {
  return complaint(gguf_builder{}.start(0, keys_and_tensors));
}

/// What is said of a file with one tensor.
std::string of_tensor(const std::vector<uint64_t>& extent, uint32_t type,
                      uint64_t offset, uint64_t data) {
  return complaint(
      gguf_builder{}.start(1, 0).tensor("t", extent, type, offset).data(data));
}

std::string of_alignment(uint32_t alignment) {
  gguf_builder out;
  out.start(0, 1).key("general.alignment", 4).add(alignment);
  return complaint(out);
}

} // namespace

TEST_CASE("a GGUF header reads as it was written") {
  auto file = read(whole_file());
  REQUIRE(file);
  CHECK(*file->text("general.architecture") == "llama");
  CHECK(*file->whole("llama.block_count") == 2);
  CHECK(*file->whole("llama.context_length") == 8192);
  CHECK(*file->number("llama.epsilon") == 0.5);
  CHECK(*file->number("llama.block_count") == 2.0);
  CHECK(*file->number("a.negative") == -3.0);
  CHECK(*file->flag("a.flag"));
  CHECK(**file->texts("a.words") == std::vector<std::string>{"one", ""});
  CHECK(*file->numbers("a.scores") == std::vector<float>{0.25f, -1});
  CHECK(*file->wholes("a.types") == std::vector<int64_t>{1, -2, 3});
  CHECK(*file->whole("none", 7) == 7);
  CHECK(*file->text("none", "x") == "x");
  CHECK(!file->has("none"));

  REQUIRE(file->tensors.size() == 2);
  auto rows = *file->tensor("rows");
  CHECK(rows->columns() == 4);
  CHECK(rows->rows() == 3);
  CHECK(rows->bytes == 48);
  CHECK(rows->offset % 32 == 0);
  auto half = *file->tensor("half");
  CHECK(half->rows() == 1);
  CHECK(half->bytes == 10);
  CHECK(half->offset == rows->offset + 64);
  CHECK(half->offset + half->bytes == whole_file().bytes.size());
}

TEST_CASE("keys of a GGUF header that are not there or of another type") {
  auto file = read(whole_file());
  REQUIRE(file);
  CHECK(explain(file->whole("none").error()) == "m.gguf: no key 'none'");
  CHECK(explain(file->texts("none").error()) == "m.gguf: no key 'none'");
  CHECK(explain(file->numbers("none").error()) == "m.gguf: no key 'none'");
  CHECK(explain(file->tensor("none").error()) == "m.gguf: no tensor none");
  CHECK(explain(file->whole("a.negative").error())
        == "m.gguf: key 'a.negative' is not a whole number that is not "
           "negative");
  CHECK(explain(file->whole("a.flag", 3).error())
        == "m.gguf: key 'a.flag' is not a whole number that is not negative");
  CHECK(explain(file->number("general.architecture").error())
        == "m.gguf: key 'general.architecture' is not a number");
  CHECK(explain(file->text("a.flag").error())
        == "m.gguf: key 'a.flag' is not a string");
  CHECK(explain(file->flag("a.words").error())
        == "m.gguf: key 'a.words' is not true or false");
  CHECK(explain(file->texts("a.types").error())
        == "m.gguf: key 'a.types' is not an array of strings");
  CHECK(explain(file->wholes("a.scores").error())
        == "m.gguf: key 'a.scores' is not an array of whole numbers");
  CHECK(explain(file->numbers("a.words").error())
        == "m.gguf: key 'a.words' is not an array of numbers");
  gguf_builder large;
  large.start(0, 1).array("large", 10, 1).add(uint64_t{1} << 63);
  CHECK(!read(large)->wholes("large"));
}

TEST_CASE("scalars and arrays of all types are read") {
  gguf_builder out;
  out.start(0, 22);
  out.key("u8", 0).add<uint8_t>(200).key("i8", 1).add<int8_t>(-100);
  out.key("u16", 2).add<uint16_t>(60000).key("i16", 3).add<int16_t>(-30000);
  out.key("u32", 4).add(uint32_t{4'000'000'000});
  out.key("i32", 5).add(int32_t{-2'000'000'000});
  out.key("u64", 10).add(std::numeric_limits<uint64_t>::max());
  out.key("i64", 11).add(std::numeric_limits<int64_t>::max());
  out.key("f32", 6).add(1.5f).key("f64", 12).add(2.5);
  out.key("no", 7).add<uint8_t>(0);
  out.array("u8s", 0, 1).add<uint8_t>(200);
  out.array("i8s", 1, 1).add<int8_t>(-100);
  out.array("u16s", 2, 1).add<uint16_t>(60000);
  out.array("i16s", 3, 1).add<int16_t>(-30000);
  out.array("u32s", 4, 1).add(uint32_t{4'000'000'000});
  out.array("i32s", 5, 1).add(int32_t{-2'000'000'000});
  out.array("u64s", 10, 1).add<uint64_t>(5).array("i64s", 11, 1);
  out.add<int64_t>(-5).array("f32s", 6, 1).add(1.5f);
  out.array("f64s", 12, 1).add(2.5).array("flags", 7, 2);
  out.add<uint8_t>(1).add<uint8_t>(0);
  auto file = read(out);
  REQUIRE(file);
  CHECK(*file->whole("u8") == 200);
  CHECK(*file->number("i8") == -100);
  CHECK(*file->whole("u16") == 60000);
  CHECK(*file->number("i16") == -30000);
  CHECK(*file->whole("u32") == 4'000'000'000);
  CHECK(*file->number("i32") == -2e9);
  CHECK(*file->whole("u64") == std::numeric_limits<uint64_t>::max());
  CHECK(*file->whole("i64") == std::numeric_limits<int64_t>::max());
  CHECK(*file->number("f32") == 1.5);
  CHECK(*file->number("f64") == 2.5);
  CHECK(!*file->flag("no"));
  CHECK(file->wholes("u8s")->front() == 200);
  CHECK(file->wholes("i8s")->front() == -100);
  CHECK(file->wholes("u16s")->front() == 60000);
  CHECK(file->wholes("i16s")->front() == -30000);
  CHECK(file->wholes("u32s")->front() == 4'000'000'000);
  CHECK(file->wholes("i32s")->front() == -2'000'000'000);
  CHECK(file->wholes("u64s")->front() == 5);
  CHECK(file->wholes("i64s")->front() == -5);
  CHECK(file->numbers("f32s")->front() == 1.5f);
  CHECK(file->numbers("f64s")->front() == 2.5f);
  CHECK(std::get<std::vector<bool>>(file->values.at("flags"))
        == std::vector<bool>{true, false});
}

TEST_CASE("a file with a vocabulary and no tensors is read") {
  CHECK(read(gguf_builder{}.start(0, 0)));
}

TEST_CASE("what is not GGUF of version 3 says so") {
  gguf_builder text;
  for (auto c : std::string{"PK\3\4 something else altogether"})
    text.add(c);
  CHECK(complaint(text) == "m.gguf: is no GGUF file");
  CHECK(complaint({}) == "m.gguf: is no GGUF file");
  CHECK(complaint(gguf_builder{}.start(0, 0, 2))
        == "m.gguf: GGUF version 2; this reads version 3");
  gguf_builder pointer;
  for (auto c : std::string{"version https://git-lfs.github.com/spec/v1\noid"})
    pointer.add(c);
  CHECK(complaint(pointer).find("is a pointer of Git LFS")
        != std::string::npos);
  auto fs = whole_file().file();
  CHECK(is_gguf(*fs, "m.gguf"));
  CHECK(!is_gguf(*fs, "other.gguf"));
  CHECK(!is_gguf(*text.file(), "m.gguf"));
  CHECK(!read_gguf(*fs, "other.gguf"));
}

TEST_CASE("a GGUF file that is cut off anywhere is an error") {
  auto whole = whole_file();
  for (size_t size = 0; size < whole.bytes.size(); ++size) {
    auto cut = whole;
    cut.bytes.resize(size);
    CAPTURE(size);
    CHECK(complaint(cut).starts_with("m.gguf: "));
  }
  whole.bytes.resize(whole.bytes.size() - 74 - 40);
  CHECK(complaint(whole).starts_with(
      "m.gguf: tensor 'half' is cut off at byte "));
}

TEST_CASE("counts and lengths beyond the file allocate nothing") {
  auto most = std::numeric_limits<uint64_t>::max();
  CHECK(size_text(most).find("keys, which are more than fit in it")
        != std::string::npos);
  CHECK(complaint(gguf_builder{}.start(most, 0))
            .find("tensors, which are more than fit in it")
        != std::string::npos);
  for (auto count : {most, uint64_t{1} << 61, uint64_t{1} << 40, uint64_t{100}})
    for (uint32_t type : {0u, 5u, 6u, 7u, 8u, 10u, 12u}) {
      gguf_builder out;
      out.start(0, 1).array("tokens", type, count).data(64);
      CAPTURE(count);
      CAPTURE(type);
      CHECK(complaint(out)
            == fmt::format("m.gguf: key 'tokens' says that it has {} elements, "
                           "which are more than the header has",
                           count));
    }
  gguf_builder text;
  text.start(0, 1).key("name", 8).add(most).data(64);
  CHECK(complaint(text).find("key 'name' says that it has")
        != std::string::npos);
  gguf_builder name;
  name.start(0, 1).add(most).data(64);
  CHECK(complaint(name).find("key number 1 says that it has")
        != std::string::npos);
}

TEST_CASE("an array of strings may not be longer than its strings are") {
  gguf_builder out;
  out.start(0, 1).array("tokens", 8, 3).text("a");
  out.add<uint64_t>(1).add('b').add<uint64_t>(uint64_t{1} << 40).data(32);
  CHECK(complaint(out).find("key 'tokens' says that it has 1099511627776 bytes")
        != std::string::npos);
}

TEST_CASE("keys and tensors that are there twice are refused") {
  gguf_builder keys;
  keys.start(0, 2);
  keys.key("a", 7).add<uint8_t>(1).key("a", 7).add<uint8_t>(1);
  CHECK(complaint(keys) == "m.gguf: has key 'a' twice");
  gguf_builder tensors;
  tensors.start(2, 0).tensor("t", {8}, 0, 0).tensor("t", {8}, 0, 32).data(64);
  CHECK(complaint(tensors) == "m.gguf: has tensor 't' twice");
}

TEST_CASE("names that a terminal would obey are refused") {
  for (auto name : {"", "\33[2J", "a b", "\xff"}) {
    gguf_builder keys;
    keys.start(0, 1).key(name, 7).add<uint8_t>(1).data(32);
    CHECK(complaint(keys)
          == "m.gguf: key number 1 has a name that is not 1 to 65535 printable "
             "characters of ASCII");
    gguf_builder tensors;
    tensors.start(1, 0).tensor(name, {8}, 0, 0).data(32);
    CHECK(complaint(tensors)
          == "m.gguf: tensor number 1 has a name that is not 1 to 65535 "
             "printable characters of ASCII");
  }
}

TEST_CASE("unknown types of values and tensors are refused") {
  for (uint32_t type : {13u, 0x80000000u, 0xffffffffu}) {
    gguf_builder out;
    out.start(0, 1).key("k", type).data(64);
    CHECK(complaint(out)
          == fmt::format("m.gguf: key 'k' is of type {}, which is none of GGUF",
                         type));
    gguf_builder array;
    array.start(0, 1).array("k", type, 0).data(64);
    CHECK(complaint(array).find("is an array of type") != std::string::npos);
    CHECK(of_tensor({8}, type + 1000, 0, 32).find("which this does not read")
          != std::string::npos);
  }
  gguf_builder nested;
  nested.start(0, 1).array("k", 9, 1).data(64);
  CHECK(complaint(nested)
        == "m.gguf: key 'k' is an array of arrays, which this does not read");
  gguf_builder flag;
  flag.start(0, 1).key("k", 7).add<uint8_t>(2);
  CHECK(complaint(flag) == "m.gguf: key 'k' has 2 for true or false");
  CHECK(
      of_tensor({32}, 4, 0, 32)
      == "m.gguf: tensor 't' is of type 4, which this does not read; it reads "
         "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K");
}

TEST_CASE("alignments are powers of two that fit a page") {
  for (uint32_t x : {1u, 8u, 64u, 65536u})
    CHECK(of_alignment(x) == "none");
  for (uint32_t x : {0u, 3u, 48u, 131072u, 1u << 30, 0xffffffffu})
    CHECK(of_alignment(x)
          == fmt::format("m.gguf: key 'general.alignment' is {}; it has to be "
                         "a power of two, at most 65536",
                         x));
  gguf_builder out;
  out.start(1, 1).key("general.alignment", 4).add<uint32_t>(256);
  out.tensor("t", {2}, 0, 0).data(8, 256);
  auto file = read(out);
  REQUIRE(file);
  CHECK(file->tensors[0].offset == 256);
}

TEST_CASE("dimensions of tensors are checked before anything is made of them") {
  CHECK(of_tensor({8}, 0, 0, 32) == "none");
  CHECK(of_tensor({2, 2, 1, 2}, 0, 0, 32) == "none");
  CHECK(of_tensor({}, 0, 0, 32)
        == "m.gguf: tensor 't' has 0 dimensions; 1 to 4 are allowed");
  CHECK(of_tensor({1, 1, 1, 1, 1}, 0, 0, 32)
        == "m.gguf: tensor 't' has 5 dimensions; 1 to 4 are allowed");
  gguf_builder many;
  many.start(1, 0).text("t").add<uint32_t>(1'000'000).data(64);
  CHECK(complaint(many)
        == "m.gguf: tensor 't' has 1000000 dimensions; 1 to 4 are allowed");
  auto large = uint64_t{1} << 32;
  // The products wrap around to 0 and to 8.
  for (std::vector<uint64_t> x :
       {std::vector{large, large}, std::vector{large * 4, large / 4 * 8 + 1},
        std::vector{uint64_t{0}, uint64_t{8}},
        std::vector{std::numeric_limits<uint64_t>::max(), uint64_t{8}}})
    CHECK(of_tensor(x, 0, 0, 32).find("which is no size for a tensor")
          != std::string::npos);
  // Of values that wrap around only when their bytes are counted.
  for (auto x : {uint64_t{1} << 62, (uint64_t{1} << 62) + 8, uint64_t{1} << 50})
    CHECK(
        of_tensor({x}, 0, 0, 32).find("which are more values than the file has")
        != std::string::npos);
  CHECK(
      of_tensor({31}, 8, 0, 34)
      == "m.gguf: tensor 't' has rows of 31 values, which are no whole blocks "
         "of 32 of Q8_0");
}

TEST_CASE("tensors are inside the file and do not overlap") {
  CHECK(
      of_tensor({8}, 0, 0, 31)
      == "m.gguf: tensor 't' takes 32 bytes from byte 0 of the data, of which "
         "there are 31; is the file cut off?");
  CHECK(of_tensor({8}, 0, 32, 63).find("is the file cut off?")
        != std::string::npos);
  // The end of these wraps around.
  for (auto offset : {uint64_t{0} - 32, uint64_t{1} << 63})
    CHECK(of_tensor({8}, 0, offset, 64).find("is the file cut off?")
          != std::string::npos);
  CHECK(of_tensor({8}, 0, 8, 64)
        == "m.gguf: tensor 't' begins at byte 8 of the data, which is no "
           "multiple of 32");
  gguf_builder overlap;
  overlap.start(2, 0).tensor("a", {16}, 0, 32).tensor("b", {16}, 0, 0);
  CHECK(complaint(overlap.data(128)) == "m.gguf: tensors 'b' and 'a' overlap");
  gguf_builder same;
  same.start(2, 0).tensor("a", {8}, 0, 0).tensor("b", {8}, 0, 0).data(32);
  CHECK(complaint(same) == "m.gguf: tensors 'a' and 'b' overlap");
}
