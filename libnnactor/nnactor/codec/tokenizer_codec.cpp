#include "nnactor/codec/tokenizer_codec.hpp"

#include <string_view>
#include <unordered_map>

namespace nnactor {

namespace {

capnp::Data::Reader as_data(const std::string& bytes) {
  return {reinterpret_cast<const capnp::byte*>(bytes.data()), bytes.size()};
}

std::string as_string(capnp::Data::Reader bytes) {
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

void write_pieces(schema::Tokenizer::Builder out,
                  const tokenizer_description& what) {
  auto count = static_cast<unsigned>(what.pieces.size());
  auto pieces = out.initPieces(count);
  auto types = out.initTypes(count);
  for (unsigned id = 0; id < count; ++id) {
    pieces.set(id, as_data(what.pieces[id]));
    types[id] = static_cast<capnp::byte>(what.types[id]);
  }
  auto scores = out.initScores(static_cast<unsigned>(what.scores.size()));
  for (unsigned id = 0; id < scores.size(); ++id)
    scores.set(id, what.scores[id]);
}

void write_merges(schema::Tokenizer::Builder out,
                  const tokenizer_description& what) {
  auto merges = out.initMerges(static_cast<unsigned>(2 * what.merges.size()));
  if (what.merges.empty())
    return;
  std::unordered_map<std::string_view, uint32_t> ids;
  for (const auto& piece : what.pieces)
    ids.emplace(piece, static_cast<uint32_t>(ids.size()));
  unsigned next = 0;
  for (const auto& [first, second] : what.merges) {
    merges.set(next++, ids.at(first));
    merges.set(next++, ids.at(second));
  }
}

int32_t number_of(std::optional<int32_t> id) {
  return id.value_or(-1);
}

std::optional<int32_t> id_from(int32_t number) {
  return number == -1 ? std::nullopt : std::optional{number};
}

caf::error read_merges(schema::Tokenizer::Reader in,
                       tokenizer_description& out) {
  auto merges = in.getMerges();
  if (merges.size() % 2 != 0)
    return fail(ec::invalid_data, "tokenizer: half a merge");
  for (auto id : merges)
    if (id >= out.pieces.size())
      return fail(ec::invalid_data,
                  "tokenizer: a merge of {}, but there are {} "
                  "pieces",
                  id, out.pieces.size());
  // Eight bytes of a message are two pieces of any length.
  constexpr size_t most_bytes = size_t{64} << 20;
  size_t bytes = 0;
  for (unsigned i = 0; i < merges.size(); i += 2) {
    const auto& first = out.pieces[merges[i]];
    const auto& second = out.pieces[merges[i + 1]];
    bytes += first.size() + second.size();
    if (bytes > most_bytes)
      return fail(ec::invalid_data,
                  "tokenizer: merges are of more than {} bytes", most_bytes);
    out.merges.emplace_back(first, second);
  }
  return caf::none;
}

} // namespace

void write(schema::Tokenizer::Builder out, const tokenizer_description& what) {
  out.setKind(static_cast<uint8_t>(what.kind));
  out.setPre(what.pre);
  write_pieces(out, what);
  write_merges(out, what);
  out.setModel(as_data(what.model));
  out.setBos(number_of(what.bos));
  out.setEos(number_of(what.eos));
  out.setUnk(number_of(what.unk));
  out.setPad(number_of(what.pad));
  auto ends = out.initEnds(static_cast<unsigned>(what.ends.size()));
  for (unsigned i = 0; i < ends.size(); ++i)
    ends.set(i, what.ends[i]);
  out.setAddBos(what.add_bos);
  out.setAddEos(what.add_eos);
  out.setAddSpacePrefix(what.add_space_prefix);
  out.setIgnoreMerges(what.ignore_merges);
}

result<tokenizer_description> read(schema::Tokenizer::Reader in) {
  tokenizer_description out;
  out.kind = static_cast<tokenizer_kind>(in.getKind());
  out.pre = std::string{in.getPre().begin(), in.getPre().size()};
  for (auto piece : in.getPieces())
    out.pieces.push_back(as_string(piece));
  for (auto type : in.getTypes())
    out.types.push_back(static_cast<piece_type>(type));
  for (auto score : in.getScores())
    out.scores.push_back(score);
  if (auto err = read_merges(in, out))
    return err;
  out.model = as_string(in.getModel());
  out.bos = id_from(in.getBos());
  out.eos = id_from(in.getEos());
  out.unk = id_from(in.getUnk());
  out.pad = id_from(in.getPad());
  for (auto id : in.getEnds())
    out.ends.push_back(id);
  out.add_bos = in.getAddBos();
  out.add_eos = in.getAddEos();
  out.add_space_prefix = in.getAddSpacePrefix();
  out.ignore_merges = in.getIgnoreMerges();
  if (auto err = check(out))
    return err;
  return out;
}

} // namespace nnactor
