#include "nnactor/tokenizers/byte_pieces.hpp"
#include "nnactor/tokenizers/sentencepiece_file.hpp"
#include "nnactor/tokenizers/stretches.hpp"
#include "nnactor/tokenizers/text_encoder.hpp"

#include <sentencepiece_processor.h>

namespace nnactor {

namespace {

class sentencepiece_encoder : public text_encoder {
public:
  explicit sentencepiece_encoder(const tokenizer_description& what)
      : bytes_(what) {
  }

  /// Checks that the library has the first pieces of the description; what
  /// comes after them are pieces that were added to the model later.
  caf::error load(const tokenizer_description& what) {
    if (auto err = check_sentencepiece_file(what.model))
      return err;
    auto status = library_.LoadFromSerializedProto(what.model);
    if (!status.ok())
      return fail(ec::invalid_data, "SentencePiece: cannot be read: {}",
                  status.message());
    auto count = static_cast<size_t>(library_.GetPieceSize());
    auto same = count <= what.pieces.size();
    for (size_t id = 0; same && id < count; ++id)
      same = library_.IdToPiece(static_cast<int>(id)) == what.pieces[id];
    if (!same)
      return fail(ec::invalid_data, "SentencePiece: the model has other pieces "
                                    "than its description");
    return caf::none;
  }

  caf::error encode(std::string_view text,
                    std::vector<int32_t>& into) const override {
    return for_each_stretch(text, [&](std::string_view part, bool is_text) {
      return is_text ? encode_text(part, into) : bytes_.encode(part, into);
    });
  }

private:
  caf::error encode_text(std::string_view text,
                         std::vector<int32_t>& into) const {
    std::vector<int> ids;
    auto status = library_.Encode(text, &ids);
    if (!status.ok())
      return fail(ec::invalid_argument, "SentencePiece: {}", status.message());
    into.insert(into.end(), ids.begin(), ids.end());
    return caf::none;
  }

  sentencepiece::SentencePieceProcessor library_;
  byte_pieces bytes_;
};

} // namespace

result<std::unique_ptr<text_encoder>>
make_sentencepiece_encoder(const tokenizer_description& what) {
  auto out = std::make_unique<sentencepiece_encoder>(what);
  if (auto err = out->load(what))
    return err;
  return std::unique_ptr<text_encoder>{std::move(out)};
}

} // namespace nnactor
