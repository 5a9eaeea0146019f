#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nnactor {

/// How a tokenizer makes ids of a text.
enum class tokenizer_kind : uint8_t {
  /// Words are cut out by a rule, and their bytes merged pair by pair in the
  /// order of the merges (GPT-2, LLaMA 3, Qwen).
  byte_level,
  /// Neighbours are merged into the piece with the highest score; a space is
  /// U+2581, what is no piece falls apart into bytes (the `llama` vocabularies
  /// of GGUF).
  by_score,
  /// A file of SentencePiece, which its library reads.
  sentencepiece,
  count_, ///< Number of kinds, never used as one.
};

/// What a piece is for, numbered as GGUF (`tokenizer.ggml.token_type`) and
/// SentencePiece number it, from 1.
enum class piece_type : uint8_t {
  normal = 1,
  unknown,      ///< Stands for what has no id.
  control,      ///< Never made of a text, unless that is a template's.
  user_defined, ///< Cut out of texts as a whole.
  unused,       ///< Never made of a text.
  byte,         ///< "<0x0A>": one byte of what is no piece.
  end_,         ///< One more than the last, never used as one.
};

/// All that a tokenizer is made of, as a model's files have it.
struct tokenizer_description {
  tokenizer_kind kind = tokenizer_kind::byte_level;

  /// Name of the rule that cuts words (`pre_tokenizer.hpp`), byte-level only.
  std::string pre;

  /// By id. Byte-level pieces are in GPT-2's characters for bytes
  /// (`byte_alphabet.hpp`), but for those of other types than normal.
  std::vector<std::string> pieces;
  std::vector<piece_type> types; ///< One a piece.
  std::vector<float> scores;     ///< One a piece, `by_score` only.

  /// Pieces that become one, those that are merged first first. Byte-level
  /// only. Where a pair is there twice, its first place counts.
  std::vector<std::pair<std::string, std::string>> merges;

  std::string model; ///< The file of SentencePiece, of that kind only.

  std::optional<int32_t> bos, eos, unk, pad;
  std::vector<int32_t> ends; ///< All ids that end an answer.

  bool add_bos = false;          ///< Texts begin with `bos`.
  bool add_eos = false;          ///< Texts to train on end with `eos`.
  bool add_space_prefix = false; ///< A space is put before a text; `by_score`.
  bool ignore_merges = false;    ///< A word that is a piece is not merged.

  friend bool operator==(const tokenizer_description&,
                         const tokenizer_description&) = default;
};

/// Bytes of a piece at most; the longest that models have are 512.
constexpr size_t longest_piece = 4096;

/// Of one that is cut out of a text before anything else: that takes, for each
/// byte of the text, a look at every length that there is.
constexpr size_t longest_special = 512;

/// Pieces at most; the largest vocabularies have 2^18.
constexpr size_t most_pieces = size_t{1} << 22;

/// Says what is wrong with a description, whoever wrote it, as
/// `ec::invalid_data`; nothing if a tokenizer can be made of it.
caf::error check(const tokenizer_description& what);

/// The byte that a piece such as "<0x0A>" stands for; nothing if it is no such.
std::optional<unsigned char> byte_of(const std::string& piece);

/// "byte-level", "by score" or "sentencepiece".
const char* to_string(tokenizer_kind kind);

/// "normal", "control", ...
const char* to_string(piece_type type);

} // namespace nnactor
