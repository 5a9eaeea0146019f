#include "nnactor/data/byte_pairs.hpp"

#include "data/files.hpp"
#include "nnactor/data/text_pieces.hpp"
#include "nnactor/utf8.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>

using namespace nnactor;

namespace {

using merges = std::vector<token_pair>;
using strings = std::vector<std::string>;
using token_list = std::vector<int32_t>;

strings pieces_of(const std::string& text) {
  strings out;
  for_each_piece(text, [&](std::string_view x) { out.emplace_back(x); });
  return out;
}

vocabulary learnt_from(const std::string& text, size_t most) {
  return {{}, learn_byte_pairs({text}, most)};
}

std::string decoded(const vocabulary& what, const token_list& tokens) {
  std::string out;
  for (auto token : tokens)
    out += what.decode(token);
  return out;
}

std::string any_bytes() {
  auto bytes = *rc::gen::arbitrary<std::vector<uint8_t>>();
  return {bytes.begin(), bytes.end()};
}

/// Text of few different signs, so that pairs come often.
std::string any_text() {
  return *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string{"aaabbc  \n19+\xc3\xa9"}));
}

/// All pieces again for every merge, from the definition.
merges learnt_plainly(const std::string& text, size_t most) {
  std::vector<token_list> pieces;
  for (const auto& piece : pieces_of(text)) {
    auto& next = pieces.emplace_back();
    for (auto byte : piece)
      next.push_back(static_cast<unsigned char>(byte));
  }
  merges out;
  while (out.size() < most) {
    std::map<token_pair, int> counts;
    for (const auto& piece : pieces)
      for (size_t i = 1; i < piece.size(); ++i)
        ++counts[{piece[i - 1], piece[i]}];
    // The first of those that are there most often.
    auto best = std::ranges::max_element(
        counts, {}, [](const auto& x) { return x.second; });
    if (best == counts.end() || best->second < 2)
      break;
    auto made = byte_tokens + static_cast<int32_t>(out.size());
    out.push_back(best->first);
    for (auto& piece : pieces) {
      token_list merged;
      for (size_t i = 0; i < piece.size(); ++i)
        if (i + 1 < piece.size()
            && token_pair{piece[i], piece[i + 1]} == best->first) {
          merged.push_back(made);
          ++i;
        } else {
          merged.push_back(piece[i]);
        }
      piece = std::move(merged);
    }
  }
  return out;
}

data_settings byte_pairs_of(const std::string& path, uint32_t context,
                            double validation, uint32_t tokens) {
  data_settings how;
  how.path = path;
  how.context = context;
  how.validation = validation;
  how.tokens = tokens;
  return how;
}

} // namespace

TEST_CASE("a text is cut into words, numbers, signs and spaces") {
  CHECK(pieces_of("Hello  world's 12345 x=+= 5\n\n  end ")
        == strings{"Hello", " ", " world", "'", "s", " ", "123", "45", " x",
                   "=+=", " ", "5", "\n\n ", " end", " "});
  CHECK(pieces_of("caf\u00e9 \u20ac5") == strings{"caf\u00e9", " \u20ac", "5"});
  CHECK(pieces_of("\t\tx \n y") == strings{"\t\t", "x", " \n", " y"});
  CHECK(pieces_of("").empty());
}

TEST_CASE("no piece is longer than a token, and none cuts a character") {
  auto letters = pieces_of(" " + std::string(150, 'x'));
  REQUIRE(letters.size() == 3);
  CHECK(letters[0].size() == longest_token);
  CHECK(letters[1].size() == longest_token);
  std::string text;
  for (auto i = 0; i < 50; ++i)
    text += "\u4e2d";
  auto characters = pieces_of(text);
  REQUIRE(characters.size() == 3);
  CHECK(characters[0].size() == 63);
  // Bytes that are no text are cut anywhere.
  CHECK(pieces_of(std::string(70, '\x80')).size() == 2);
}

TEST_CASE("pieces are the text") {
  CHECK(rc::check("of any bytes", [] {
    auto text = any_bytes();
    std::string again;
    for (const auto& piece : pieces_of(text)) {
      RC_ASSERT(!piece.empty());
      RC_ASSERT(piece.size() <= longest_token);
      again += piece;
    }
    RC_ASSERT(again == text);
  }));
}

TEST_CASE("the pair that is there most often is merged, then the next one") {
  // aa is there four times. Then ab and (aa)a are there twice, and the first
  // one is of smaller tokens.
  auto made = learnt_from("aaabdaaabac", 10);
  CHECK(made.merges == merges{{'a', 'a'}, {'a', 'b'}, {256, 257}});
  CHECK(made.size() == 259);
  CHECK(made.encode("aaabdaaabac") == token_list{258, 'd', 258, 'a', 'c'});
  CHECK(made.decode(258) == "aaab");
  CHECK(made.decode(259).empty());
  CHECK(made.decode(-1).empty());
  CHECK(made.encode("aaab") == token_list{258});
  // Merges go by their order: aa comes before ab.
  CHECK(made.encode("aab") == token_list{256, 'b'});
  CHECK(learnt_from("aaabdaaabac", 1).merges == merges{{'a', 'a'}});
}

TEST_CASE("no token goes across pieces") {
  auto made = learnt_from("ab ab ab 12 12 12", 10);
  CHECK(made.merges == merges{{'1', '2'}, {'a', 'b'}, {' ', 257}});
}

TEST_CASE("pairs that are there once are not merged") {
  CHECK(learnt_from("abcdefg", 10).merges.empty());
  CHECK(learnt_from("", 10).merges.empty());
}

TEST_CASE("byte pairs are those of the definition") {
  CHECK(rc::check("learnt plainly", [] {
    auto text = any_text() + any_text() + any_text();
    RC_ASSERT(learn_byte_pairs({text}, 40) == learnt_plainly(text, 40));
  }));
}

TEST_CASE("the order of texts does not matter for byte pairs") {
  CHECK(rc::check("same merges", [] {
    auto a = any_text(), b = any_text(), c = any_text();
    RC_ASSERT(learn_byte_pairs({a, b, c}, 30)
              == learn_byte_pairs({c, a, b}, 30));
  }));
}

TEST_CASE("any bytes come back from byte pairs") {
  CHECK(rc::check("round trip", [] {
    auto made = learnt_from(any_text() + any_bytes() + any_text(), 50);
    RC_PRE(made.has_bytes());
    RC_ASSERT(made.is_sound());
    for (const auto& text : {any_bytes(), any_text()}) {
      auto tokens = made.encode(text);
      RC_ASSERT(decoded(made, tokens) == text);
      for (auto token : tokens)
        RC_ASSERT(token >= 0 && static_cast<uint64_t>(token) < made.size());
    }
    RC_ASSERT(made.unknown(any_text()).empty());
  }));
}

TEST_CASE("an encoder gives the same for a piece that it knows") {
  auto made = learnt_from("abab abab abab", 10);
  byte_pair_encoder encoder{made.merges};
  token_list first, both;
  encoder.encode(" abab", first);
  encoder.encode(" abab", both);
  encoder.encode(" abab", both);
  CHECK(both.size() == 2 * first.size());
  CHECK(std::ranges::equal(first, std::span{both}.subspan(first.size())));
}

TEST_CASE("vocabularies of files are checked before they are believed") {
  CHECK(vocabulary{}.is_sound());
  CHECK(vocabulary{}.empty());
  CHECK(vocabulary{{'a', 'b'}}.is_sound());
  CHECK(!vocabulary{{'b', 'a'}}.is_sound());
  CHECK(!vocabulary{{'a', 'a'}}.is_sound());
  CHECK(vocabulary{{}, {{'a', 'b'}, {256, 256}}}.is_sound());
  CHECK(!vocabulary{{'a'}, {{'a', 'b'}}}.is_sound());
  CHECK(!vocabulary{{}, {{'a', 256}}}.is_sound());
  CHECK(!vocabulary{{}, {{-1, 'a'}}}.is_sound());
  // Each twice as long as the one before.
  vocabulary doubling{{}, {{'a', 'a'}}};
  for (auto i = byte_tokens; i < byte_tokens + 5; ++i)
    doubling.merges.push_back({i, i});
  CHECK(doubling.is_sound());
  CHECK(doubling.decode(byte_tokens + 5) == std::string(64, 'a'));
  doubling.merges.push_back({byte_tokens + 5, 'a'});
  CHECK(!doubling.is_sound());
}

TEST_CASE("a vocabulary comes back from the numbers that a model keeps") {
  auto made = learnt_from("abab abab abab", 10);
  CHECK(numbers_of(made.merges).size() == 2 * made.merges.size());
  CHECK(vocabulary_of({}, numbers_of(made.merges)) == made);
  CHECK(vocabulary_of({'a', 'b'}, {}) == vocabulary{{'a', 'b'}});
  CHECK(vocabulary_of({}, {}) == vocabulary{});
  CHECK(!vocabulary_of({}, {'a'}));
  CHECK(!vocabulary_of({}, {'a', UINT32_MAX}));
  CHECK(!vocabulary_of({}, {'a', 256}));
  CHECK(!vocabulary_of({'b', 'a'}, {}));
  CHECK(!vocabulary_of({'a'}, {'a', 'b'}));
}

TEST_CASE("a text may be byte pairs, learnt from what it trains on") {
  temporary_folder folder;
  auto path = folder.write("a", "abababababxyxyxy");
  auto data = opened(byte_pairs_of(path, 1, 0.375, 258));
  // Of the validation part nothing is learnt: (xy) would come before (ab)(ab).
  const auto* tokens = data->characters();
  REQUIRE(tokens != nullptr);
  CHECK(tokens->merges == merges{{'a', 'b'}, {256, 256}});
  CHECK(data->shape().tokens == 258);
  CHECK(data->shape().output_width == 258);
  CHECK(data->size(split::train) == 2);
  CHECK(data->size(split::validation) == 6);
  CHECK(data->summary()
        == "1 text of 16 characters in 9 tokens of 258 kinds; 2 examples to "
           "train on and 6 to validate with");
  // The first token of validation begins with its first character.
  auto first = data->gather(split::validation, {0});
  CHECK(tokens->decode(first.targets.values<int32_t>()[0]) == "x");
  CHECK(data->characters_per_token() == 1);
}

TEST_CASE("byte pairs make sequences, and the validation part is the same as "
          "that of characters") {
  temporary_folder folder;
  std::string text;
  for (auto i = 0; i < 40; ++i)
    text += "\u00e9t\u00e9 \u00e9t\u00e9, ";
  auto path = folder.write("a", text);
  auto how = byte_pairs_of(path, 4, 0.25, 300);
  how.sequences = true;
  auto data = opened(how);
  CHECK(data->shape().context == 4);
  CHECK(data->shape().tokens <= 300);
  CHECK(data->shape().tokens > 256);
  std::string told;
  for (uint64_t i = 0; i < data->size(split::validation); ++i) {
    auto targets = data->gather(split::validation, {i}).targets;
    for (auto token : targets.values<int32_t>())
      told += data->characters()->decode(token);
  }
  // 360 characters, of which 90 are kept.
  auto kept = text.substr(
      text.size() - 10 * std::string{"\u00e9t\u00e9 \u00e9t\u00e9, "}.size());
  CHECK(kept.starts_with(told));
  CHECK(!told.empty());
  CHECK(data->characters_per_token() > 1.5);
}

TEST_CASE("a model's byte pairs are for any text, whatever data.tokens says") {
  temporary_folder folder;
  auto known = learnt_from("abab cd abab", 10);
  auto how = byte_pairs_of(folder.write("a", "\u20acxyz xyz abab"), 1, 0.5, 0);
  auto data = open_dataset(how, &known);
  REQUIRE_MESSAGE(data, explain(data.error()));
  CHECK(*(*data)->characters() == known);
  CHECK((*data)->shape().tokens == known.size());
}

TEST_CASE("texts without any pair twice have no byte pairs") {
  temporary_folder folder;
  auto path = folder.write("a", "abcdefghij");
  CHECK(error_of(byte_pairs_of(path, 2, 0.2, 300))
        == path
               + ": has no two bytes that stand together twice, so that "
                 "data.tokens has nothing to make tokens of; leave it out");
  CHECK(error_of(byte_pairs_of(folder.write("b", "ab\xff"), 2, 0.2, 300))
        == folder / "b: byte 2 is not UTF-8");
}

TEST_CASE("characters are taken when they are complete") {
  std::string bytes = "a\xe2\x82";
  CHECK(take_characters(bytes) == "a");
  CHECK(bytes == "\xe2\x82");
  bytes += "\xac";
  bytes += "b\xff";
  CHECK(take_characters(bytes) == "\u20acb\ufffd");
  CHECK(bytes.empty());
  bytes = "\xe2";
  CHECK(take_characters(bytes).empty());
  bytes += "x";
  CHECK(take_characters(bytes) == "\ufffdx");
}

TEST_CASE("the licence texts of Debian as byte pairs are told as well as their "
          "characters") {
  const auto* path = "/usr/share/common-licenses";
  if (!boost::filesystem::exists(path)) {
    MESSAGE("skipped: no " << path);
    return;
  }
  auto data = opened(byte_pairs_of(path, 16, 0.1, 512));
  CHECK(data->shape().tokens == 512);
  CHECK(data->characters_per_token() > 1.5);
  CHECK(data->characters_per_token() < 5);
  auto loss = data->baseline().loss / data->characters_per_token();
  auto of_characters = opened(byte_pairs_of(path, 16, 0.1, 0))->baseline().loss;
  CHECK(loss < of_characters);
  CHECK(loss > of_characters / 3);
}
