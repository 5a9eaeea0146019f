#include "nnactor/tokenizers/sentencepiece_file.hpp"

#include "nnactor/tokenizers/decoder.hpp"
#include "nnactor/tokenizers/huggingface_tokenizer.hpp"
#include "tokenizers/vocabularies.hpp"

#include <nlohmann/json.hpp>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// The lines of a text, as the library asks for them.
class lines : public sentencepiece::SentenceIterator {
public:
  bool done() const override {
    return at_ == all_.size();
  }

  void Next() override {
    ++at_;
  }

  const std::string& value() const override {
    return all_[at_];
  }

  sentencepiece::util::Status status() const override {
    return {};
  }

private:
  strings all_ = {"the cat sat on the mat and the dog sat on the cat",
                  "a bat and a rat ate that hat, did they not?",
                  "the dog ate the hat on the mat"};
  size_t at_ = 0;
};

/// Trains a model by the library, as those of LLaMA are.
std::string trained(const std::string& options,
                    const std::string& normalization = "identity") {
  std::string out;
  lines text;
  auto status = sentencepiece::SentencePieceTrainer::Train(
      "--byte_fallback=true "
      "--remove_extra_whitespaces=false --hard_vocab_limit=false "
      "--minloglevel=3 --num_threads=1 "
          + options + " --normalization_rule_name=" + normalization,
      &text, &out);
  if (!status.ok())
    FAIL(status.ToString());
  return out;
}

const std::string& bpe_file() {
  static const auto file = trained("--model_type=bpe --vocab_size=320");
  return file;
}

tokenizer_description described(const std::string& file) {
  auto out = read_sentencepiece(file);
  if (!out)
    FAIL(explain(out.error()));
  return *out;
}

// -- messages by hand ---------------------------------------------------------

std::string number(uint64_t x) {
  std::string out;
  for (; x >= 0x80; x >>= 7)
    out += static_cast<char>(0x80 | (x & 0x7f));
  return out + static_cast<char>(x);
}

std::string field(uint32_t id, const std::string& bytes) {
  return number(id << 3 | 2) + number(bytes.size()) + bytes;
}

std::string scored(float score) {
  std::string out = number(2 << 3 | 5);
  out.append(reinterpret_cast<const char*>(&score), sizeof(score));
  return out;
}

std::string complaint(const std::string& file) {
  auto out = read_sentencepiece(file);
  return out ? "nothing" : explain(out.error());
}

} // namespace

TEST_CASE("a model of the library is read with its pieces and their types") {
  auto what = described(bpe_file());
  CHECK(what.kind == tokenizer_kind::sentencepiece);
  CHECK(what.pieces[0] == "<unk>");
  CHECK(what.types[0] == piece_type::unknown);
  CHECK(what.types[1] == piece_type::control);
  CHECK(what.pieces[3] == "<0x00>");
  CHECK(what.types[3] == piece_type::byte);
  CHECK(what.bos == 1);
  CHECK(what.eos == 2);
  CHECK(what.add_bos);
  CHECK(what.add_space_prefix);
  CHECK(what.ends == ids{2});
  CHECK(!described(trained("--model_type=bpe --vocab_size=320 "
                           "--add_dummy_prefix=false"))
             .add_space_prefix);
}

TEST_CASE("texts are encoded as the library does, and come back") {
  for (const auto* type : {"bpe", "unigram"}) {
    auto what = described(
        trained(fmt::format("--model_type={} --vocab_size=320", type)));
    auto by = made(what);
    sentencepiece::SentencePieceProcessor library;
    REQUIRE(library.LoadFromSerializedProto(what.model).ok());
    for (const std::string text :
         {"the cat", " the  bat\n", "HAT \xf0\x9f\x98\x80", "</s>"}) {
      std::vector<int> expected;
      REQUIRE(library.Encode(text, &expected).ok());
      expected.insert(expected.begin(), 1);
      CHECK(encoded(by, text) == expected);
      CHECK(decode(by, encoded(by, text)) == text);
    }
    CHECK(encoded(by, "") == ids{1});
    CHECK(encoded(by, "</s>", {.special = true}) == ids{1, 2});
  }
}

TEST_CASE("merging by score makes of the same pieces what the library makes") {
  auto what = described(bpe_file());
  auto library = made(what);
  sentencepiece::SentencePieceProcessor from;
  REQUIRE(from.LoadFromSerializedProto(what.model).ok());
  for (int id = 0; id < from.GetPieceSize(); ++id)
    what.scores.push_back(from.GetScore(id));
  what.kind = tokenizer_kind::by_score;
  what.model.clear();
  auto ours = made(what);
  CHECK(rc::check([&] {
    auto part = rc::gen::element<std::string>("the", " cat", "sat", " ", "a",
                                              "th", "ot", ",", "\n", "\xc3\xa9",
                                              "Z", " and", "mat", "  ");
    std::string text;
    for (const auto& x : *rc::gen::container<strings>(part))
      text += x;
    RC_ASSERT(encoded(ours, text) == encoded(library, text));
  }));
}

TEST_CASE("bytes that are not UTF-8 are bytes") {
  auto by = made(described(bpe_file()));
  auto got = encoded(by, "cat\xff\xc3");
  REQUIRE(got.size() > 2);
  CHECK(got[got.size() - 2] == 3 + 0xff);
  CHECK(got.back() == 3 + 0xc3);
}

TEST_CASE("pieces that were added to a model come behind its own") {
  huggingface_files files;
  files.tokenizer_model = bpe_file();
  auto count = described(bpe_file()).pieces.size();
  nlohmann::json config{
      {"add_bos_token", false},
      {"added_tokens_decoder",
       {{"2", {{"content", "</s>"}, {"special", true}}},
        {std::to_string(count), {{"content", "<|im_end|>"}, {"special", true}}},
        {std::to_string(count + 1), {{"content", "<tool>"}}}}}};
  files.tokenizer_config = config.dump();
  auto out = read_huggingface_tokenizer(files);
  REQUIRE(out);
  auto first = static_cast<int32_t>(count);
  CHECK(out->what.ends == ids{2, first});
  auto by = made(out->what);
  CHECK(encoded(by, "<|im_end|><tool>", {.special = true})
        == ids{first, first + 1});
  config["added_tokens_decoder"]["9999"] = {{"content", "x"}};
  files.tokenizer_config = config.dump();
  CHECK(explain(read_huggingface_tokenizer(files).error())
        == fmt::format("tokenizer_config.json: no piece has the id {}",
                       count + 2));
}

TEST_CASE("a description that is not of its model is refused") {
  auto what = described(bpe_file());
  what.pieces[5] = "other";
  what.types[5] = piece_type::normal;
  CHECK(explain(tokenizer::make(what).error())
        == "SentencePiece: the model has other pieces than its description");
  what.pieces.resize(5);
  what.types.resize(5);
  CHECK(!tokenizer::make(what));
}

TEST_CASE("what the library must not be given is refused before it") {
  auto piece = [](const std::string& text) { return field(1, field(1, text)); };
  CHECK(complaint(piece(std::string(200'000, 'x')))
        == "SentencePiece: piece 0 has 200000 bytes and must have 1 to 4096, "
           "none of them zero");
  CHECK(complaint(piece("") + piece("x"))
        == "SentencePiece: piece 0 has 0 bytes and must have 1 to 4096, none "
           "of them zero");
  CHECK(has(complaint(piece(std::string(1, '\0'))), "none of them zero"));
  CHECK(complaint(piece("a") + field(3, field(2, "table")))
        == "SentencePiece: normalizes texts by a table of 5 bytes, which is "
           "not supported; only models without one are");
  CHECK(has(complaint(piece("a") + field(5, field(2, "table"))), "a table"));
  CHECK(complaint(field(1, field(1, "a") + scored(1.0f / 0.0f)))
        == "SentencePiece: the score of piece 0 is inf");
  CHECK(has(complaint(trained("--model_type=bpe --vocab_size=320", "nmt_nfkc")),
            "a table"));
}

TEST_CASE("what is no model, cut off or has no pieces is refused") {
  CHECK(complaint("") == "SentencePiece: is no model: it has no pieces");
  // The file of that name that some models of LLaMA 3 have.
  CHECK(
      complaint("IQ== 0\nIg== 1\n").starts_with("SentencePiece: is no model"));
  CHECK(complaint(field(3, ""))
        == "SentencePiece: is no model: it has no "
           "pieces");
  // A length beyond the end, one that wraps, a group, a field without number.
  for (const auto& file :
       {number(1 << 3 | 2) + number(100),
        number(1 << 3 | 2) + number(UINT64_MAX), number(9 << 3 | 3), number(2),
        std::string(12, '\xff'), number(9 << 3 | 5) + "abc"})
    CHECK(complaint(file) == "SentencePiece: is no model, or is cut off");
  // The library wants one that is unknown.
  CHECK(complaint(field(1, field(1, "a")))
            .starts_with("SentencePiece: cannot "
                         "be read: "));
}

TEST_CASE("a model with anything changed is read or refused") {
  CHECK(rc::check([] {
    auto file = bpe_file();
    for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
      auto at = *rc::gen::inRange<size_t>(0, file.size());
      file[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    }
    auto what = read_sentencepiece(file);
    if (!what || check(*what))
      return;
    auto by = tokenizer::make(*what);
    if (by)
      by->encode("the cat \xf0\x9f\x98\x80");
  }));
}
