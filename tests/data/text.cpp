#include "data/files.hpp"

#include <rapidcheck.h>

#include <cmath>

using namespace nnactor;

namespace {

data_settings text_of(const std::string& path, uint32_t context,
                      double validation) {
  data_settings how;
  how.path = path;
  how.context = context;
  how.validation = validation;
  return how;
}

std::string decoded(const dataset& data, const tensor& tokens) {
  std::string out;
  for (auto token : tokens.values<int32_t>())
    out += data.characters()->decode(token);
  return out;
}

/// Renders example `index` as "inputs>targets".
std::string shown(const dataset& data, split part, uint64_t index) {
  auto x = data.gather(part, {index});
  return decoded(data, x.inputs) + ">" + decoded(data, x.targets);
}

using strings = std::vector<std::string>;

strings all_shown(const dataset& data, split part) {
  strings out;
  for (uint64_t i = 0; i < data.size(part); ++i)
    out.push_back(shown(data, part, i));
  return out;
}

} // namespace

TEST_CASE("an example is some characters and the one after them") {
  temporary_folder folder;
  auto data = opened(text_of(folder.write("a", "abcdefghij"), 3, 0.2));
  CHECK(data->shape().input_width == 3);
  CHECK(data->shape().tokens == 10);
  CHECK(data->shape().output_width == 10);
  // The context of validation reaches back into the training part.
  CHECK(all_shown(*data, split::train)
        == strings{"abc>d", "bcd>e", "cde>f", "def>g", "efg>h"});
  CHECK(all_shown(*data, split::validation) == strings{"fgh>i", "ghi>j"});
  CHECK(data->summary()
        == "1 text of 10 characters, 10 of them different; 5 examples to train "
           "on and 2 to validate with");
}

TEST_CASE("an example may be several characters in a row, each with its own "
          "context") {
  temporary_folder folder;
  auto how = text_of(folder.write("a", "abcdefghijklm"), 2, 0.5);
  how.time_steps = 3;
  auto data = opened(how);
  CHECK(data->shape().input_width == 2);
  CHECK(data->shape().time_steps == 3);
  // Training begins anywhere, validation looks at each character once.
  CHECK(all_shown(*data, split::train) == strings{"abbccd>cde", "bccdde>def"});
  CHECK(all_shown(*data, split::validation)
        == strings{"effggh>ghi", "hiijjk>jkl"});
}

TEST_CASE("examples do not span the texts of a folder, which go by name") {
  temporary_folder folder;
  folder.write("2", "uvwxy");
  folder.write("1", "abcde");
  folder.write("3", "z"); // Too short for an example.
  folder.write("4", "");
  boost::filesystem::create_directory(folder / "5");
  auto data = opened(text_of(folder.path(), 2, 0.2));
  CHECK(all_shown(*data, split::train)
        == strings{"ab>c", "bc>d", "uv>w", "vw>x"});
  CHECK(all_shown(*data, split::validation) == strings{"cd>e", "wx>y"});
}

TEST_CASE("a text that links lead to is read once") {
  temporary_folder folder;
  folder.write("a", "abcdefghij");
  boost::filesystem::create_symlink("a", folder / "0");
  boost::filesystem::create_symlink("a", folder / "b");
  auto data = opened(text_of(folder.path(), 3, 0.2));
  CHECK(data->size(split::train) == 5);
}

TEST_CASE("a batch holds its examples row by row") {
  temporary_folder folder;
  auto data = opened(text_of(folder.write("a", "abcdefghij"), 3, 0.2));
  auto x = data->gather(split::train, {4, 0});
  CHECK(x.inputs.type() == dtype::i32);
  CHECK(x.inputs.extent() == shape{2, 3});
  CHECK(x.targets.extent() == shape{2, 1});
  auto inputs = x.inputs.values<int32_t>();
  CHECK(std::vector<int32_t>(inputs.begin(), inputs.end())
        == std::vector<int32_t>{4, 5, 6, 0, 1, 2});
  auto targets = x.targets.values<int32_t>();
  CHECK(std::vector<int32_t>(targets.begin(), targets.end())
        == std::vector<int32_t>{7, 3});
}

namespace {

data_settings sequences_of(const std::string& path, uint32_t length,
                           double validation) {
  auto how = text_of(path, length, validation);
  how.sequences = true;
  return how;
}

} // namespace

TEST_CASE("an example may be a sequence in which each character is told") {
  temporary_folder folder;
  auto data = opened(sequences_of(folder.write("a", "abcdefghijklm"), 3, 0.5));
  CHECK(data->shape().input_width == 1);
  CHECK(data->shape().tokens == 13);
  CHECK(data->shape().output_width == 13);
  CHECK(data->shape().time_steps == 1);
  CHECK(data->shape().context == 3);
  // Training begins anywhere, validation looks at each character once and
  // leaves out what is too short at the end.
  CHECK(all_shown(*data, split::train)
        == strings{"abc>bcd", "bcd>cde", "cde>def"});
  CHECK(all_shown(*data, split::validation) == strings{"fgh>ghi", "ijk>jkl"});
  CHECK(data->summary()
        == "1 text of 13 characters, 13 of them different; 3 examples to train "
           "on and 2 to validate with");
}

TEST_CASE("the positions of a sequence are consecutive rows") {
  temporary_folder folder;
  auto data = opened(sequences_of(folder.write("a", "abcdefghijklm"), 3, 0.5));
  auto x = data->gather(split::train, {2, 0});
  CHECK(x.inputs.type() == dtype::i32);
  CHECK(x.inputs.extent() == shape{6, 1});
  CHECK(x.targets.extent() == shape{6, 1});
  CHECK(decoded(*data, x.inputs) == "cdeabc");
  CHECK(decoded(*data, x.targets) == "defbcd");
}

TEST_CASE("sequences do not span texts, and only texts that have one count") {
  temporary_folder folder;
  folder.write("1", "abcdefgh");
  folder.write("2", "xyz");
  folder.write("3", "stuvwx");
  auto data = opened(sequences_of(folder.path(), 3, 0.5));
  CHECK(all_shown(*data, split::train) == strings{"abc>bcd"});
  CHECK(all_shown(*data, split::validation) == strings{"def>efg", "uvw>vwx"});
  auto short_text = folder.write("4", "abc");
  CHECK(error_of(sequences_of(short_text, 3, 0.5))
            .find(": has no example for training: with data.context = 3")
        != std::string::npos);
}

TEST_CASE(
    "the bigram model is compared on the characters that sequences tell") {
  temporary_folder folder;
  auto path = folder.write("a", "ababacab");
  auto single = opened(text_of(path, 1, 0.25));
  auto sequence = opened(sequences_of(path, 2, 0.25));
  CHECK(sequence->baseline().loss == single->baseline().loss);
}

TEST_CASE("tokens are code points in ascending order") {
  temporary_folder folder;
  auto data =
      opened(text_of(folder.write("a", "z\u00e9\u20ac\U0001f600aaaa"), 1, 0.2));
  const auto* characters = data->characters();
  REQUIRE(characters != nullptr);
  CHECK(characters->code_points
        == std::vector<uint32_t>{'a', 'z', 0xe9, 0x20ac, 0x1f600});
  CHECK(characters->encode("a\u20ac?\xff\u00e9")
        == std::vector<int32_t>{0, 3, 2});
  CHECK(characters->decode(4) == "\U0001f600");
  CHECK(characters->decode(5) == "");
  CHECK(characters->decode(-1) == "");
}

TEST_CASE("whatever is encoded decodes to the same text") {
  CHECK(rc::check("round trip", [](const std::vector<uint16_t>& raw) {
    vocabulary characters;
    for (uint32_t point = 1; point < 0xd800; ++point)
      characters.code_points.push_back(point);
    std::string text;
    for (auto point : raw)
      text += characters.decode(point % 0xd7ff);
    std::string again;
    for (auto token : characters.encode(text))
      again += characters.decode(token);
    RC_ASSERT(again == text);
  }));
}

TEST_CASE("the bigram model counts the training part with one added") {
  temporary_folder folder;
  // Training part "ababac", validation "ab": of three a's before the last
  // character two lead to b and one to c, both b's lead to a.
  auto data = opened(text_of(folder.write("a", "ababacab"), 1, 0.25));
  REQUIRE(all_shown(*data, split::validation) == strings{"c>a", "a>b"});
  auto expected = -(std::log(1.0 / 3) + std::log(3.0 / 6)) / 2;
  CHECK(data->baseline().name == "bigram count model");
  CHECK(data->baseline().loss == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("text that is not there or not text") {
  temporary_folder folder;
  auto why = [](const std::string& path) {
    return error_of(text_of(path, 2, 0.2));
  };
  CHECK(why(folder / "none")
        == folder / "none: cannot be read: No such file or directory");
  CHECK(why(folder.path()) == folder.path() + ": holds no files");
  CHECK(why(folder.write("empty", "")) == folder / "empty: is empty");
  CHECK(why(folder.path()) == folder.path() + ": is empty");
  CHECK(why(folder.write("binary", std::string{"ab\0cd", 5}))
        == folder / "binary: is not text: byte 2 is zero");
  CHECK(why(folder.write("latin1", "caf\xe9 au lait"))
        == folder / "latin1: byte 3 is not UTF-8");
  CHECK(why(folder.write("cut", "abcde\xe2\x82"))
        == folder / "cut: byte 5 is not UTF-8");
  // One bad file spoils a folder, and is named.
  CHECK(why(folder.path()) == folder / "binary: is not text: byte 2 is zero");
  CHECK(why("/dev/null") == "/dev/null: is neither a file nor a folder");
}

TEST_CASE("a dangling link is named") {
  temporary_folder folder;
  boost::filesystem::create_symlink("gone", folder / "link");
  CHECK(error_of(text_of(folder.path(), 2, 0.2))
        == folder
               / "link: is a link to gone, which cannot be read: No such file "
                 "or directory");
}

TEST_CASE("a byte order mark at the start is no character of a text") {
  temporary_folder folder;
  auto data = opened(text_of(folder.write("a", "\xef\xbb\xbf"
                                               "abcdefghij"),
                             3, 0.2));
  CHECK(data->shape().tokens == 10);
  CHECK(shown(*data, split::train, 0) == "abc>d");
  // Elsewhere it is one.
  CHECK(opened(text_of(folder.write("b", "a\xef\xbb\xbf"
                                         "bcdefghij"),
                       3, 0.2))
            ->shape()
            .tokens
        == 11);
}

TEST_CASE("a pointer of Git LFS is told from a text") {
  temporary_folder folder;
  auto file = folder.write("a", "version https://git-lfs.github.com/spec/v1\n"
                                "oid sha256:0\nsize 12\n");
  CHECK(error_of(text_of(file, 3, 0.2)).find(": is a pointer of Git LFS")
        != std::string::npos);
}

TEST_CASE("a model is asked about texts with fewer characters than it knows, "
          "but not with others") {
  temporary_folder folder;
  vocabulary known{{'a', 'b', 'c', 'x', 'y', 'z'}};
  auto data =
      open_dataset(text_of(folder.write("a", "xxaaaaxxaaxx"), 2, 0.25), &known);
  REQUIRE_MESSAGE(data, explain(data.error()));
  CHECK((*data)->shape().tokens == 6);
  CHECK((*data)->characters()->code_points == known.code_points);
  CHECK(shown(**data, split::train, 0) == "xx>a");
  auto other = folder.write("b", "xxaa\u00e9aaxxaaxx");
  auto refused = open_dataset(text_of(other, 2, 0.25), &known);
  REQUIRE_FALSE(refused);
  CHECK(explain(refused.error())
            .find("b: byte 4 is '\u00e9' (U+00E9), which "
                  "the model has not seen in training")
        != std::string::npos);
}

TEST_CASE("characters that a vocabulary has not are told, each once") {
  vocabulary known{{'a', 'b'}};
  CHECK(known.unknown("abxa\u00e9xb") == std::vector<uint32_t>{'x', 0xe9});
  CHECK(known.unknown("ab").empty());
}

TEST_CASE("texts too short for both splits are refused") {
  temporary_folder folder;
  auto path = folder.write("a", "abcdefghij");
  CHECK(error_of(text_of(path, 16, 0.1))
        == path
               + ": has no example for training: with data.context = 16, "
                 "data.time_steps = 1 and data.validation = 0.1 its texts are "
                 "too short");
  CHECK(error_of(text_of(path, 2, 0.01))
        == path
               + ": has no example for validation: with data.context = 2, "
                 "data.time_steps = 1 and data.validation = 0.01 its texts are "
                 "too short");
}

TEST_CASE("the licence texts of Debian are a corpus") {
  const auto* path = "/usr/share/common-licenses";
  if (!boost::filesystem::exists(path)) {
    MESSAGE("skipped: no " << path);
    return;
  }
  auto data = opened(text_of(path, 16, 0.1));
  CHECK(data->size(split::train) > 100'000);
  CHECK(data->baseline().loss > 2.0);
  CHECK(data->baseline().loss < 3.0);
}
