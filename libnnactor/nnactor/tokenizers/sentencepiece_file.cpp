#include "nnactor/tokenizers/sentencepiece_file.hpp"

#include "nnactor/tokenizers/protobuf_fields.hpp"
#include "nnactor/tokenizers/usual_ends.hpp"

#include <sentencepiece_processor.h>

#include <bit>
#include <cmath>

namespace nnactor {

namespace {

// Numbers of fields of sentencepiece_model.proto.
constexpr uint32_t pieces_field = 1;
constexpr uint32_t normalizer_field = 3;
constexpr uint32_t denormalizer_field = 5;
constexpr uint32_t piece_text_field = 1;
constexpr uint32_t piece_score_field = 2;
constexpr uint32_t table_field = 2;
constexpr uint32_t dummy_prefix_field = 3;

template <class... Ts>
caf::error refused(fmt::format_string<Ts...> format, Ts&&... xs) {
  return fail(ec::invalid_data, "SentencePiece: {}",
              fmt::format(format, std::forward<Ts>(xs)...));
}

/// Calls `use` for each field of a message.
template <class Use>
caf::error for_each_field(std::string_view message, Use use) {
  protobuf_fields all{message};
  while (auto field = all.next())
    if (auto err = use(*field))
      return err;
  if (all.is_broken())
    return refused("is no model, or is cut off");
  return caf::none;
}

caf::error check_piece_message(std::string_view message, size_t id) {
  return for_each_field(message, [&](const protobuf_field& x) -> caf::error {
    if (x.number == piece_text_field
        && (x.bytes.empty() || x.bytes.size() > longest_piece
            || x.bytes.find('\0') != std::string_view::npos))
      return refused(
          "piece {} has {} bytes and must have 1 to {}, none of them "
          "zero",
          id, x.bytes.size(), longest_piece);
    auto score = std::bit_cast<float>(static_cast<uint32_t>(x.value));
    if (x.number == piece_score_field && !std::isfinite(score))
      return refused("the score of piece {} is {}", id, score);
    return caf::none;
  });
}

caf::error check_normalizer(std::string_view message) {
  return for_each_field(message, [](const protobuf_field& x) -> caf::error {
    if (x.number == table_field && !x.bytes.empty())
      return refused("normalizes texts by a table of {} bytes, which is not "
                     "supported; only models without one are",
                     x.bytes.size());
    return caf::none;
  });
}

/// Whether a space is put before texts, which it is if nothing is said.
bool adds_space(std::string_view file) {
  auto out = true;
  protobuf_fields all{file};
  while (auto field = all.next()) {
    if (field->number != normalizer_field)
      continue;
    protobuf_fields normalizer{field->bytes};
    while (auto x = normalizer.next())
      if (x->number == dummy_prefix_field)
        out = x->value != 0;
  }
  return out;
}

piece_type type_in(const sentencepiece::SentencePieceProcessor& from, int id) {
  return from.IsUnknown(id)   ? piece_type::unknown
         : from.IsControl(id) ? piece_type::control
         : from.IsUnused(id)  ? piece_type::unused
         : from.IsByte(id)    ? piece_type::byte
                              : piece_type::normal;
}

std::optional<int32_t> optional_id(int id) {
  return id < 0 ? std::nullopt : std::optional<int32_t>{id};
}

} // namespace

caf::error check_sentencepiece_file(std::string_view file) {
  size_t pieces = 0;
  auto err = for_each_field(file, [&](const protobuf_field& x) -> caf::error {
    if (x.number == pieces_field) {
      if (++pieces > most_pieces)
        return refused("has more than {} pieces", most_pieces);
      return check_piece_message(x.bytes, pieces - 1);
    }
    if (x.number == normalizer_field || x.number == denormalizer_field)
      return check_normalizer(x.bytes);
    return caf::none;
  });
  if (err)
    return err;
  return pieces == 0 ? refused("is no model: it has no pieces") : caf::error{};
}

result<tokenizer_description> read_sentencepiece(std::string file) {
  if (auto err = check_sentencepiece_file(file))
    return err;
  sentencepiece::SentencePieceProcessor from;
  auto status = from.LoadFromSerializedProto(file);
  if (!status.ok())
    return refused("cannot be read: {}", status.message());
  tokenizer_description out;
  out.kind = tokenizer_kind::sentencepiece;
  for (int id = 0; id < from.GetPieceSize(); ++id) {
    out.pieces.push_back(from.IdToPiece(id));
    out.types.push_back(type_in(from, id));
  }
  out.bos = optional_id(from.bos_id());
  out.eos = optional_id(from.eos_id());
  out.unk = optional_id(from.unk_id());
  out.pad = optional_id(from.pad_id());
  out.add_bos = out.bos.has_value();
  out.add_space_prefix = adds_space(file);
  out.model = std::move(file);
  add_usual_ends(out);
  return out;
}

} // namespace nnactor
