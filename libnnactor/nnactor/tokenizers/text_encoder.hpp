#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace nnactor {

/// Makes ids of texts that have no special pieces in them (any more). May be
/// used by several threads at once.
class text_encoder {
public:
  virtual ~text_encoder() = default;

  /// Adds the ids of a text of any bytes. Bytes that are not UTF-8 are a word
  /// of their own. Fails with `ec::invalid_argument` where something has no id.
  virtual caf::error encode(std::string_view text,
                            std::vector<int32_t>& into) const = 0;
};

// One for each kind of tokenizer. What is made refers to the description, which
// must have passed its check and must outlive it.

result<std::unique_ptr<text_encoder>>
make_byte_level_encoder(const tokenizer_description& what);

std::unique_ptr<text_encoder>
make_score_encoder(const tokenizer_description& what);

/// Fails with `ec::invalid_data` where the library refuses the file, or reads
/// other pieces in it than the description has.
result<std::unique_ptr<text_encoder>>
make_sentencepiece_encoder(const tokenizer_description& what);

} // namespace nnactor
