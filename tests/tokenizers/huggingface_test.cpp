#include "nnactor/tokenizers/huggingface_tokenizer.hpp"

#include "tokenizers/vocabularies.hpp"

#include <nlohmann/json.hpp>

using namespace nnactor;
using namespace nnactor::test;
using nlohmann::json;

namespace {

constexpr const char* llama3_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* qwen2_pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

json byte_level_step(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

json split_step(const std::string& pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

json sequence(const char* name, const json& steps) {
  return {{"type", "Sequence"}, {name, steps}};
}

json added(int id, const char* content, bool special = true) {
  return {{"id", id},          {"content", content}, {"single_word", false},
          {"lstrip", false},   {"rstrip", false},    {"normalized", false},
          {"special", special}};
}

/// A file as that of GPT-2 is; of its vocabulary a part.
json gpt2_file() {
  return {{"version", "1.0"},
          {"added_tokens", json::array({added(6, "<|endoftext|>")})},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level_step(true)},
          {"post_processor", byte_level_step(true)},
          {"decoder", byte_level_step(true)},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", ""},
            {"end_of_word_suffix", ""},
            {"fuse_unk", false},
            {"vocab",
             {{"a", 0},
              {"b", 1},
              {"\xc4\xa0", 2},
              {"ab", 3},
              {"\xc4\xa0"
               "a",
               4},
              {"\xc4\xa0"
               "ab",
               5},
              {"<|endoftext|>", 6}}},
            {"merges",
             {"\xc4\xa0 a",
              "\xc4\xa0"
              "a b",
              "a b"}}}}};
}

tokenizer_description described(const json& file) {
  auto out = read_tokenizer_json(file.dump());
  if (!out)
    FAIL(explain(out.error()));
  return *out;
}

template <class Change>
std::string complaint(Change change) {
  auto file = gpt2_file();
  change(file);
  auto out = read_tokenizer_json(file.dump());
  if (out)
    return "nothing";
  CHECK(code_of(out.error()) == ec::invalid_data);
  return explain(out.error());
}

} // namespace

TEST_CASE("a tokenizer.json as that of GPT-2 is read") {
  auto what = described(gpt2_file());
  CHECK(what.pre == "gpt-2");
  CHECK(what.pieces.size() == 7);
  CHECK(what.types[6] == piece_type::control);
  CHECK(what.merges.size() == 3);
  CHECK(!what.add_bos);
  auto by = made(what);
  CHECK(encoded(by, "ab ab a") == ids{3, 5, 4});
  CHECK(encoded(by, "a<|endoftext|>", {.special = true}) == ids{0, 6});
}

TEST_CASE("merges are pairs of texts since 2024, which may have spaces") {
  auto file = gpt2_file();
  file["model"]["vocab"]["a b"] = 7;
  file["model"]["vocab"][" b"] = 8;
  file["model"]["merges"] =
      json::array({json::array({"a", " b"}), json::array({"a", "b"})});
  auto what = described(file);
  CHECK(what.merges == decltype(what.merges){{"a", " b"}, {"a", "b"}});
  CHECK(check(what) == caf::none);
}

TEST_CASE("LLaMA 3 cuts by its pattern, begins texts, ignores merges") {
  auto file = gpt2_file();
  file["pre_tokenizer"] = sequence(
      "pretokenizers", {split_step(llama3_pattern), byte_level_step(false)});
  file["model"]["ignore_merges"] = true;
  file["post_processor"] = sequence(
      "processors",
      {byte_level_step(false),
       {{"type", "TemplateProcessing"},
        {"single",
         {{{"SpecialToken", {{"id", "<|endoftext|>"}, {"type_id", 0}}}},
          {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}}}});
  auto what = described(file);
  CHECK(what.pre == "llama-bpe");
  CHECK(what.ignore_merges);
  CHECK(what.add_bos);
  CHECK(encoded(made(what), "ab") == ids{6, 3});
}

TEST_CASE("Qwen2 composes, SmolLM makes each digit a word") {
  auto file = gpt2_file();
  file["normalizer"] = {{"type", "NFC"}};
  file["pre_tokenizer"] = sequence(
      "pretokenizers", {split_step(qwen2_pattern), byte_level_step(false)});
  CHECK(described(file).pre == "qwen2");
  file["normalizer"] = sequence("normalizers", json::array());
  CHECK(described(file).pre == "stablelm2");
  file["pre_tokenizer"] = sequence(
      "pretokenizers", {{{"type", "Digits"}, {"individual_digits", true}},
                        byte_level_step(true)});
  CHECK(described(file).pre == "smollm");
}

TEST_CASE("what is not known is refused by its name") {
  CHECK(complaint([](json& x) { x["model"]["type"] = "WordPiece"; })
        == "tokenizer.json: its model is 'WordPiece'; only BPE is known");
  CHECK(complaint([](json& x) { x["model"]["byte_fallback"] = true; })
        == "tokenizer.json: its model falls back to bytes, as those of "
           "SentencePiece do; give the model's tokenizer.model");
  CHECK(complaint([](json& x) { x["model"]["end_of_word_suffix"] = "</w>"; })
        == "tokenizer.json: its model has end_of_word_suffix, which is not "
           "supported");
  CHECK(complaint([](json& x) {
          x["normalizer"] = {{"type", "Lowercase"}};
        })
        == "tokenizer.json: the normalizer 'Lowercase' is not known; only NFC "
           "is");
  CHECK(complaint([](json& x) { x["decoder"]["type"] = "Metaspace"; })
        == "tokenizer.json: the decoder 'Metaspace' is not known; only "
           "ByteLevel is");
  CHECK(complaint([](json& x) { x["pre_tokenizer"]["type"] = "Metaspace"; })
        == "tokenizer.json: the pre_tokenizer 'Metaspace' is not known, or not "
           "with these options");
  CHECK(complaint([](json& x) { x["pre_tokenizer"] = nullptr; })
        == "tokenizer.json: has no pre_tokenizer ByteLevel");
  CHECK(
      complaint([](json& x) { x["pre_tokenizer"]["add_prefix_space"] = true; })
      == "tokenizer.json: add_prefix_space is not supported");
  CHECK(complaint([](json& x) {
          x["pre_tokenizer"] = sequence(
              "pretokenizers", {split_step("x+"), byte_level_step(false)});
        })
        == "tokenizer.json: its pre_tokenizer cuts words by a rule that is not "
           "known: x+");
  CHECK(complaint([](json& x) { x["added_tokens"][0]["lstrip"] = true; })
        == "tokenizer.json: the added token '<|endoftext|>' has lstrip, which "
           "is not supported");
}

TEST_CASE("ids leave none out, and belong to one piece each") {
  CHECK(complaint([](json& x) { x["model"]["vocab"]["c"] = 9; })
        == "tokenizer.json: 'c' has the id 9, but there are 8 pieces");
  CHECK(complaint([](json& x) { x["model"]["vocab"]["c"] = 3; })
        == "tokenizer.json: 'ab' and 'c' have the id 3 both");
  CHECK(complaint([](json& x) { x["model"]["vocab"]["a"] = -1; })
        == "tokenizer.json: 'a' has an id that is none");
  CHECK(complaint([](json& x) { x["model"]["vocab"]["a"] = 4294967296; })
        == "tokenizer.json: 'a' has an id that is none");
  CHECK(complaint([](json& x) { x["model"]["vocab"]["a"] = "0"; })
        == "tokenizer.json: 'a' has an id that is none");
  CHECK(complaint([](json& x) { x["added_tokens"][0]["id"] = 2000000000; })
        == "tokenizer.json: '<|endoftext|>' has the id 2000000000, but there "
           "are 7 pieces");
  CHECK(complaint([](json& x) {
          x["added_tokens"] = {1, "x", nullptr};
        })
        == "tokenizer.json: an added token has no content or no id");
  CHECK(complaint([](json& x) { x["model"].erase("vocab"); })
        == "tokenizer.json: its model has no vocab");
  CHECK(complaint([](json& x) { x["model"]["merges"] = {"ab"}; })
        == "tokenizer.json: merge 0 is no pair");
  CHECK(complaint([](json& x) {
          x["model"]["merges"] = {{"a"}, 1};
        })
        == "tokenizer.json: merge 0 is no pair");
  CHECK(complaint([](json& x) { x = json::array(); })
        == "tokenizer.json: is no object of JSON");
}

TEST_CASE("text that is no JSON, or nested without end, is refused") {
  CHECK(!read_tokenizer_json(""));
  CHECK(!read_tokenizer_json("{\"model\": \"\xff\"}"));
  CHECK(!read_tokenizer_json(std::string(1 << 20, '[')));
  std::string nested;
  for (int i = 0; i < (1 << 18); ++i)
    nested += "{\"model\":";
  CHECK(!read_tokenizer_json(nested));
  CHECK(!read_tokenizer_json(nested + "1" + std::string(1 << 18, '}')));
}

// To copy it would take as deep a stack.
TEST_CASE("what is nested without end inside a file is refused") {
  constexpr int levels = 1 << 18;
  auto deep = std::string(levels, '[') + std::string(levels, ']');
  for (const auto* part : {"normalizer", "pre_tokenizer", "post_processor"}) {
    CAPTURE(part);
    auto file = gpt2_file();
    file[part] = "HERE";
    auto text = file.dump();
    text.replace(text.find("\"HERE\""), 6, deep);
    huggingface_files files;
    files.tokenizer_json = text;
    auto out = read_huggingface_tokenizer(files);
    // Nothing of it is looked at in the last one.
    CHECK(static_cast<bool>(out) == (part == std::string{"post_processor"}));
  }
  huggingface_files files;
  files.tokenizer_json = gpt2_file().dump();
  files.generation_config = "{\"eos_token_id\": [" + deep + "]}";
  CHECK(!read_huggingface_tokenizer(files));
}

TEST_CASE("config files say what begins and ends texts and how to chat") {
  auto file = gpt2_file();
  file["added_tokens"].push_back(added(7, "<|im_end|>"));
  file["added_tokens"].push_back(added(8, "<tool>", false));
  huggingface_files files;
  files.tokenizer_json = file.dump();
  files.tokenizer_config = json{
      {"add_bos_token", true},
      {"bos_token", {{"content", "<|endoftext|>"}}},
      {"eos_token", "<|im_end|>"},
      {"pad_token", nullptr},
      {"chat_template",
       "{{ messages }}"}}.dump();
  files.generation_config = json{{"eos_token_id", {7, 3}}}.dump();
  auto out = read_huggingface_tokenizer(files);
  REQUIRE(out);
  CHECK(out->chat_template == "{{ messages }}");
  CHECK(out->what.bos == 6);
  CHECK(out->what.add_bos);
  CHECK(out->what.eos == 7);
  CHECK(!out->what.pad);
  CHECK(out->what.types[8] == piece_type::user_defined);
  // Also what models are known to end a turn with.
  CHECK(out->what.ends == ids{7, 3, 6});

  files.tokenizer_config = json{{"chat_template",
                                 {{{"name", "tool_use"}, {"template", "t"}},
                                  {{"name", "default"}, {"template", "d"}}}}}
                               .dump();
  out = read_huggingface_tokenizer(files);
  REQUIRE(out);
  CHECK(out->chat_template == "d");
  CHECK(out->what.eos == 7); // Of what is generated.

  files.tokenizer_config = json{{"bos_token", "<s>"}}.dump();
  CHECK(explain(read_huggingface_tokenizer(files).error())
        == "tokenizer_config.json: bos_token is '<s>', which is no piece");
  files.tokenizer_config = "[]";
  CHECK(explain(read_huggingface_tokenizer(files).error())
        == "tokenizer_config.json: is no object of JSON");
  files.tokenizer_config.clear();
  files.generation_config = json{{"eos_token_id", -2}}.dump();
  CHECK(explain(read_huggingface_tokenizer(files).error())
        == "generation_config.json: eos_token_id has what is no id");
  files.generation_config = json{{"eos_token_id", 9}}.dump();
  CHECK(explain(read_huggingface_tokenizer(files).error())
        == "tokenizer: eos is 9, but there are 9 pieces");
}

TEST_CASE("a file with anything changed is read or refused") {
  CHECK(rc::check([] {
    auto text = gpt2_file().dump();
    auto changes = *rc::gen::inRange(1, 5);
    for (int i = 0; i < changes; ++i) {
      auto at = *rc::gen::inRange<size_t>(0, text.size());
      text[at] = *rc::gen::element('0', '9', '"', ',', '}', '[', 'x', '-');
    }
    auto what = read_tokenizer_json(text);
    if (what && !check(*what))
      RC_ASSERT(tokenizer::make(*what));
  }));
}
