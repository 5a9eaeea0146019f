#include "nnactor/cluster/assembly.hpp"

#include "nnactor/defaults.hpp"

#include <cstring>

namespace nnactor {

namespace {

caf::error refuse(const tensor_piece& piece, const char* why) {
  return fail(ec::protocol_violation,
              "a piece of the tensor of group {} ({}) {}", piece.key.producer,
              to_string(piece.key.work), why);
}

} // namespace

result<std::optional<tensor>> assembly::add(const tensor_piece& piece) {
  if (auto err = check(piece))
    return err;
  auto total = piece.extent.size() * size_of(piece.type);
  if (piece.bytes.size() == total)
    return std::optional{tensor{piece.type, piece.extent, piece.bytes}};
  auto at = open_.find(piece.key);
  auto filled = at == open_.end() ? 0 : at->second.filled;
  if (piece.offset != filled
      || (at != open_.end() && at->second.buffer.size() != total))
    return refuse(piece, "does not continue the one before");
  auto& open = open_[piece.key];
  if (open.buffer.size() == 0)
    open.buffer = byte_buffer{total};
  std::memcpy(open.buffer.data() + open.filled, piece.bytes.data(),
              piece.bytes.size());
  open.filled += piece.bytes.size();
  if (open.filled < total)
    return std::optional<tensor>{};
  auto whole =
      tensor{piece.type, piece.extent, shared_bytes{std::move(open.buffer)}};
  open_.erase(piece.key);
  return std::optional{std::move(whole)};
}

caf::error assembly::check(const tensor_piece& piece) const {
  if (piece.key.work.why > phase::generate
      || piece.key.way > direction::backward)
    return refuse(piece, "has an unknown phase or direction");
  if (size_of(piece.type) == 0)
    return refuse(piece, "has an unknown dtype");
  if (piece.extent.rows == 0 || piece.extent.rows > defaults::max_rows)
    return refuse(piece, "has a number of rows that no micro-batch has");
  if (piece.extent.columns == 0 || piece.extent.columns > max_columns_)
    return refuse(piece, "is wider than any layer");
  auto total = piece.extent.size() * size_of(piece.type);
  if (piece.bytes.size() == 0 || piece.offset > total
      || piece.bytes.size() > total - piece.offset)
    return refuse(piece, "lies outside of it");
  if (piece.bytes.size() < total && open_.size() >= max_open_
      && !open_.contains(piece.key))
    return refuse(piece, "came with too many others unfinished");
  return caf::none;
}

} // namespace nnactor
