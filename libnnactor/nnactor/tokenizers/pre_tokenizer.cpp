#include "nnactor/tokenizers/pre_tokenizer.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace nnactor {

// Rules as they were published.

// Of GPT-2 (github.com/openai/gpt-2, encoder.py).
const char* const gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+)"
    R"(|\s+(?!\S)|\s+)";

const char* const digit_pattern = R"(\p{N})";

namespace {

// Of LLaMA 3 (github.com/meta-llama/llama3, tokenizer.py).
constexpr auto llama3_words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// Of Qwen2 (github.com/QwenLM/Qwen, tokenization_note.md).
constexpr auto qwen2_words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})"
    R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct rule {
  std::vector<std::string> names;
  std::vector<std::string> patterns; ///< Each cuts what those before it leave.
  bool composes = false;
};

const std::vector<rule>& all_rules() {
  static const std::vector<rule> all = {
      {{"gpt-2", "phi-2", "mpt", "olmo"}, {gpt2_pattern}},
      {{"smollm", "starcoder", "refact"}, {digit_pattern, gpt2_pattern}},
      {{"command-r"}, {digit_pattern, gpt2_pattern}, true},
      {{"llama-bpe", "llama3", "llama-v3", "smaug-bpe"}, {llama3_words}},
      {{"qwen2", "deepseek-r1-qwen"}, {qwen2_words}, true},
      {{"stablelm2"}, {qwen2_words}},
  };
  return all;
}

const rule* find_rule(const std::string& name) {
  for (const auto& x : all_rules())
    if (std::ranges::find(x.names, name) != x.names.end())
      return &x;
  return nullptr;
}

caf::error unknown_rule(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& x : all_rules())
    known.insert(known.end(), x.names.begin(), x.names.end());
  return fail(ec::invalid_data,
              "tokenizer: '{}' is no rule for cutting words that is known; "
              "known are {}",
              name, fmt::join(known, ", "));
}

// What no text of the tests comes near to; they bound what one that is made for
// it can cost.
constexpr uint32_t most_matching = 10'000'000;
constexpr uint32_t most_heap = 64 * 1024; // KiB

struct free_pattern {
  void operator()(pcre2_code* x) const noexcept {
    pcre2_code_free(x);
  }
};

struct free_context {
  void operator()(pcre2_match_context* x) const noexcept {
    pcre2_match_context_free(x);
  }
};

struct free_match {
  void operator()(pcre2_match_data* x) const noexcept {
    pcre2_match_data_free(x);
  }
};

using pattern = std::unique_ptr<pcre2_code, free_pattern>;
using match_context = std::unique_ptr<pcre2_match_context, free_context>;
using match_data = std::unique_ptr<pcre2_match_data, free_match>;

std::string message_of(int code) {
  PCRE2_UCHAR text[128] = {};
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

void replace_all(std::string& text, std::string_view what,
                 const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos;
       at += by.size())
    text.replace(at, what.size(), by);
}

/// Spells out white space as Unicode has it. PCRE2's \\s also has U+180E, which
/// left that property in 2013.
std::string with_spaces(std::string rule) {
  const std::string spaces = R"(\t-\r\x{85}\p{Z})";
  replace_all(rule, R"([^\s)", "[^" + spaces);
  replace_all(rule, R"(\s)", "[" + spaces + "]");
  replace_all(rule, R"(\S)", "[^" + spaces + "]");
  return rule;
}

result<pattern> compile(const std::string& text) {
  int code = 0;
  PCRE2_SIZE at = 0;
  pattern out{pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()),
                            text.size(), PCRE2_UTF | PCRE2_UCP, &code, &at,
                            nullptr)};
  if (!out)
    return fail(ec::internal, "a rule for cutting words: {}", message_of(code));
  // Where there is no code for this processor, it is interpreted.
  pcre2_jit_compile(out.get(), PCRE2_JIT_COMPLETE);
  return out;
}

/// Adds what a pattern finds in a text, and what lies between.
caf::error cut_by(const pcre2_code* by, pcre2_match_context* limits,
                  std::string_view text, std::vector<std::string_view>& into) {
  match_data found{pcre2_match_data_create_from_pattern(by, nullptr)};
  if (!found)
    return fail(ec::internal, "no memory to cut a text into words");
  auto add = [&](size_t begin, size_t end) {
    if (end > begin)
      into.push_back(text.substr(begin, end - begin));
  };
  size_t at = 0;
  // The first search has checked that all of it is UTF-8.
  for (uint32_t checked = 0; at < text.size(); checked = PCRE2_NO_UTF_CHECK) {
    auto code =
        pcre2_match(by, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    at, checked | PCRE2_NOTEMPTY, found.get(), limits);
    if (code == PCRE2_ERROR_NOMATCH)
      break;
    if (code < 0)
      return fail(ec::invalid_argument,
                  "a text of {} bytes cannot be cut into words: {}",
                  text.size(), message_of(code));
    auto* ends = pcre2_get_ovector_pointer(found.get());
    add(at, ends[0]);
    add(ends[0], ends[1]);
    at = ends[1];
  }
  add(at, text.size());
  return caf::none;
}

} // namespace

struct pre_tokenizer::compiled {
  bool composes = false;
  std::vector<pattern> patterns;
  match_context limits;
};

result<pre_tokenizer> pre_tokenizer::make(const std::string& name) {
  const auto* found = find_rule(name);
  if (found == nullptr)
    return unknown_rule(name);
  auto out = std::make_shared<compiled>();
  out->composes = found->composes;
  out->limits.reset(pcre2_match_context_create(nullptr));
  if (!out->limits)
    return fail(ec::internal, "no memory for a rule for cutting words");
  pcre2_set_match_limit(out->limits.get(), most_matching);
  pcre2_set_heap_limit(out->limits.get(), most_heap);
  for (const auto& text : found->patterns) {
    auto made = compile(with_spaces(text));
    if (!made)
      return made.error();
    out->patterns.push_back(std::move(*made));
  }
  return pre_tokenizer{std::move(out)};
}

bool pre_tokenizer::composes() const {
  return rule_->composes;
}

caf::error pre_tokenizer::cut(std::string_view text,
                              std::vector<std::string_view>& into) const {
  std::vector<std::string_view> left{text};
  for (const auto& by : rule_->patterns) {
    std::vector<std::string_view> parts;
    for (auto part : left)
      if (auto err = cut_by(by.get(), rule_->limits.get(), part, parts))
        return err;
    left = std::move(parts);
  }
  into.insert(into.end(), left.begin(), left.end());
  return caf::none;
}

std::optional<std::string>
find_pre_tokenizer(const std::vector<std::string>& patterns, bool composes) {
  for (const auto& x : all_rules())
    if (x.patterns == patterns && x.composes == composes)
      return x.names.front();
  return std::nullopt;
}

caf::error check_pre_tokenizer(const std::string& name) {
  return find_rule(name) == nullptr ? unknown_rule(name) : caf::error{};
}

} // namespace nnactor
