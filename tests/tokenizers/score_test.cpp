#include "nnactor/tokenizers/decoder.hpp"
#include "tokenizers/vocabularies.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// U+2581.
const std::string mark = "\xe2\x96\x81";

/// Id 0 is unknown, 1 and 2 begin and end; all bytes from 3 on.
tokenizer_description
by_score(const std::vector<std::pair<std::string, float>>& scored) {
  tokenizer_description out;
  out.kind = tokenizer_kind::by_score;
  out.unk = add(out, "<unk>", piece_type::unknown);
  out.bos = add(out, "<s>", piece_type::control);
  out.eos = add(out, "</s>", piece_type::control);
  for (int byte = 0; byte < 256; ++byte)
    add(out, fmt::format("<0x{:02X}>", byte), piece_type::byte);
  for (const auto& [piece, score] : scored)
    add(out, piece, piece_type::normal, score);
  out.add_space_prefix = true;
  return out;
}

const std::vector<std::pair<std::string, float>> small = {
    {mark, -9},       {"a", -9},         {"b", -9},
    {"\xc3\xa9", -9}, {"ab", -2},        {mark + "a", -1},
    {"bb", -3},       {mark + "ab", -4}, {mark + mark, -5}};

/// Merges as they are explained: as long as neighbours make a piece, those that
/// make the one with the highest score are merged, the leftmost first.
strings merged_plainly(const tokenizer_description& what, strings parts) {
  for (;;) {
    auto best = parts.size();
    auto score = 0.0f;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      auto found = std::ranges::find(what.pieces, parts[i] + parts[i + 1]);
      if (found == what.pieces.end())
        continue;
      auto at = what.scores[static_cast<size_t>(found - what.pieces.begin())];
      if (best < parts.size() && at <= score)
        continue;
      best = i;
      score = at;
    }
    if (best == parts.size())
      return parts;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<ptrdiff_t>(best) + 1);
  }
}

} // namespace

TEST_CASE("what makes the piece with the highest score is merged first") {
  auto by = made(by_score(small));
  CHECK(pieces(by, "ab") == strings{" ab"});
  CHECK(pieces(by, "abb") == strings{" a", "bb"});
  CHECK(pieces(by, "bab") == strings{" ", "b", "ab"});
  CHECK(pieces(by, "bbb") == strings{" ", "bb", "b"});
  CHECK(pieces(by, "a  b") == strings{" a", "  ", "b"});
  CHECK(pieces(by, "") == strings{});
}

TEST_CASE("a space is put before a text where the model says so") {
  auto what = by_score(small);
  what.add_space_prefix = false;
  auto by = made(what);
  CHECK(pieces(by, "ab") == strings{"ab"});
  CHECK(pieces(by, " abb") == strings{" a", "bb"});
}

TEST_CASE("what is no piece is its bytes, also where it is not UTF-8") {
  auto by = made(by_score(small));
  CHECK(encoded(by, "\xc3\xa9").size() == 2);
  CHECK(pieces(by, "\n\xe4\xbd\xa0")
        == strings{" ", "\n", "\xe4", "\xbd", "\xa0"});
  CHECK(pieces(by, "a\xff\xc3"
                   "b")
        == strings{" a", "\xff", "\xc3", "b"});
  CHECK(encoded(by, "\xff").back() == 3 + 0xff);
}

TEST_CASE("without bytes it is unknown, and without that an error") {
  tokenizer_description what;
  what.kind = tokenizer_kind::by_score;
  add(what, "a", piece_type::normal, 0);
  auto out = made(what).encode("ax");
  REQUIRE(!out);
  CHECK(explain(out.error())
        == "the vocabulary of the model has no piece for the byte 0x78, and "
           "none for what is unknown");
  what.unk = add(what, "<unk>", piece_type::unknown);
  auto by = made(what);
  CHECK(encoded(by, "ax\xe4\xbd\xa0") == ids{0, 1, 1});
  CHECK(decode(by, ids{0, 1}) == "a\xef\xbf\xbd");
}

TEST_CASE("control pieces and bytes by name stay text") {
  auto by = made(by_score(small));
  CHECK(encoded(by, "<s>").size() == 4);
  CHECK(encoded(by, "<s>a", {.special = true})
        == ids{1, static_cast<int32_t>(3 + 256 + 5)});
  CHECK(encoded(by, "<0x41>").size() == 7);
}

TEST_CASE("merging by score goes as the plain method does") {
  CHECK(rc::check([] {
    std::vector<std::pair<std::string, float>> scored = {
        {mark, -1}, {"a", -1}, {"b", -1}};
    strings known = {mark, "a", "b"};
    for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
      auto piece = *rc::gen::elementOf(known) + *rc::gen::elementOf(known);
      if (std::ranges::find(known, piece) != known.end())
        continue;
      known.push_back(piece);
      scored.emplace_back(piece, static_cast<float>(*rc::gen::inRange(-5, 0)));
    }
    auto what = by_score(scored);
    auto by = made(what);
    auto text = *rc::gen::nonEmpty(
        rc::gen::container<std::string>(rc::gen::element('a', 'b', ' ')));
    strings characters = {mark};
    for (auto x : text)
      characters.push_back(x == ' ' ? mark : std::string(1, x));
    strings got;
    for (auto id : encoded(by, text))
      got.push_back(by.piece(id));
    RC_ASSERT(got == merged_plainly(what, characters));
  }));
}

TEST_CASE("whatever is encoded by score comes back") {
  CHECK(rc::check([] {
    auto by = made(by_score(small));
    auto text = *any_text();
    std::string bytes;
    for (auto id : encoded(by, text))
      bytes += by.bytes(id);
    // The mark that stands for a space is one where a text has it itself.
    std::string expected;
    for (size_t at = 0; at < text.size();) {
      auto is_mark = text.compare(at, mark.size(), mark) == 0;
      expected += is_mark ? ' ' : text[at];
      at += is_mark ? mark.size() : 1;
    }
    RC_ASSERT(bytes == (text.empty() ? "" : " " + expected));
  }));
}

TEST_CASE("a megabyte without spaces is merged by score, too") {
  auto by = made(by_score({{mark, -1}, {"a", -1}, {"aa", -2}, {"aaaa", -3}}));
  auto out = encoded(by, std::string(1 << 20, 'a'));
  CHECK(out.size() == 1 + (1 << 20) / 4);
}
