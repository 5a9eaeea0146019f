#include "nnactor/tokenizers/byte_alphabet.hpp"
#include "nnactor/tokenizers/merge_symbols.hpp"
#include "nnactor/tokenizers/normal_form.hpp"
#include "nnactor/tokenizers/pre_tokenizer.hpp"
#include "nnactor/tokenizers/stretches.hpp"
#include "nnactor/tokenizers/text_encoder.hpp"

#include <array>
#include <unordered_map>

namespace nnactor {

namespace {

/// Words of a text whose ids are remembered while it is encoded.
constexpr size_t most_remembered = size_t{1} << 16;

constexpr size_t longest_remembered = 64;

uint64_t key_of(int32_t first, int32_t second) {
  return static_cast<uint64_t>(first) << 32 | static_cast<uint32_t>(second);
}

class byte_level_encoder : public text_encoder {
public:
  byte_level_encoder(const tokenizer_description& what, pre_tokenizer rule)
      : rule_(std::move(rule)) {
    std::unordered_map<std::string_view, int32_t> ids;
    for (size_t id = 0; id < what.pieces.size(); ++id)
      ids.emplace(what.pieces[id], static_cast<int32_t>(id));
    for (size_t byte = 0; byte < bytes_.size(); ++byte) {
      auto bytes = static_cast<char>(byte);
      auto found = ids.find(to_alphabet({&bytes, 1}));
      bytes_[byte] = found == ids.end() ? -1 : found->second;
    }
    for (const auto& [first, second] : what.merges)
      merges_.emplace(key_of(ids.at(first), ids.at(second)),
                      merged_pair{static_cast<double>(merges_.size()),
                                  ids.at(first + second)});
    if (what.ignore_merges)
      remember_words(what);
  }

  caf::error encode(std::string_view text,
                    std::vector<int32_t>& into) const override {
    return for_each_stretch(text, [&](std::string_view stretch, bool is_text) {
      return is_text ? encode_text(stretch, into) : encode_word(stretch, into);
    });
  }

private:
  /// Where merges are ignored: all that a word can be as a whole.
  void remember_words(const tokenizer_description& what) {
    for (size_t id = 0; id < what.pieces.size(); ++id)
      if (what.types[id] == piece_type::normal)
        words_.emplace(from_alphabet(what.pieces[id]),
                       static_cast<int32_t>(id));
  }

  caf::error encode_text(std::string_view text,
                         std::vector<int32_t>& into) const {
    if (!rule_.composes())
      return encode_words(text, into);
    auto normal = composed(text);
    if (!normal)
      return normal.error();
    return encode_words(*normal, into);
  }

  caf::error encode_words(std::string_view text,
                          std::vector<int32_t>& into) const {
    std::vector<std::string_view> words;
    if (auto err = rule_.cut(text, words))
      return err;
    std::unordered_map<std::string_view, std::pair<size_t, size_t>> places;
    for (auto word : words) {
      auto known = places.find(word);
      if (known != places.end()) {
        auto [begin, count] = known->second;
        for (size_t i = 0; i < count; ++i)
          into.push_back(into[begin + i]);
        continue;
      }
      auto begin = into.size();
      if (auto err = encode_word(word, into))
        return err;
      if (word.size() <= longest_remembered && places.size() < most_remembered)
        places.emplace(word, std::pair{begin, into.size() - begin});
    }
    return caf::none;
  }

  caf::error encode_word(std::string_view word,
                         std::vector<int32_t>& into) const {
    if (!words_.empty())
      if (auto found = words_.find(std::string{word}); found != words_.end()) {
        into.push_back(found->second);
        return caf::none;
      }
    std::vector<symbol> symbols;
    symbols.reserve(word.size());
    for (size_t i = 0; i < word.size(); ++i) {
      auto byte = static_cast<unsigned char>(word[i]);
      if (bytes_[byte] < 0)
        return fail(ec::invalid_argument,
                    "the vocabulary of the model has no piece for the byte "
                    "0x{:02X}",
                    byte);
      symbols.push_back({i, i + 1, bytes_[byte]});
    }
    merge_symbols(symbols, [&](const symbol& left, const symbol& right) {
      auto found = merges_.find(key_of(left.id, right.id));
      return found == merges_.end() ? std::nullopt
                                    : std::optional{found->second};
    });
    for (const auto& x : symbols)
      into.push_back(x.id);
    return caf::none;
  }

  pre_tokenizer rule_;
  std::array<int32_t, 256> bytes_{}; ///< Id of each byte, or -1.
  std::unordered_map<uint64_t, merged_pair> merges_; ///< By both ids.
  std::unordered_map<std::string, int32_t> words_;
};

} // namespace

result<std::unique_ptr<text_encoder>>
make_byte_level_encoder(const tokenizer_description& what) {
  auto rule = pre_tokenizer::make(what.pre);
  if (!rule)
    return rule.error();
  return std::unique_ptr<text_encoder>{
      std::make_unique<byte_level_encoder>(what, std::move(*rule))};
}

} // namespace nnactor
