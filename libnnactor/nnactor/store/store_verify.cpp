#include "nnactor/store/checksum.hpp"
#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"
#include "nnactor/store/piece.hpp"
#include "nnactor/store/slice_check.hpp"

namespace nnactor {

namespace {

// What is wrong with one slice, gathered over its pieces.
struct finding {
  slice damaged;       ///< The slice with only the neurons that are hit.
  std::string reason;  ///< Of the first bad piece; empty: nothing is wrong.
  uint64_t pieces = 0; ///< Bad ones.
};

neuron_set neurons_of_piece(const slice& what, uint64_t index) {
  auto row_bytes = what.columns * sizeof(float);
  auto begin = index * piece_size;
  auto first = begin / row_bytes;
  auto last = (begin + piece_length(what, index) - 1) / row_bytes;
  auto span = neuron_set::range(what.neurons.id_at(first),
                                what.neurons.id_at(last) + 1);
  return intersect(what.neurons, span);
}

finding examine(filesystem& fs, const std::string& folder, const slice& what,
                const std::function<void(uint64_t)>& progress) {
  finding found{what, {}, 0};
  neuron_set hit;
  hasher whole;
  std::vector<std::byte> piece;
  for (uint64_t i = 0; i < piece_count(what.length); ++i) {
    if (auto err = read_piece(fs, folder, what, i, piece)) {
      if (found.pieces++ == 0)
        found.reason = explain(err);
      hit = unite(hit, neurons_of_piece(what, i));
    } else {
      whole.add(piece);
    }
    if (progress)
      progress(piece_length(what, i));
  }
  if (found.pieces != 0)
    found.damaged.neurons = hit;
  else if (whole.finish() != what.sum)
    found.reason = fmt::format("{}: bytes {} to {} do not match their SHA-256",
                               in_folder(folder, what.file), what.offset,
                               what.offset + what.length - 1);
  return found;
}

std::string describe(const network& net, const finding& what) {
  auto line = what.reason + ": " + describe(net, what.damaged);
  if (what.pieces > 1)
    line +=
        fmt::format(" (in {} pieces of a MiB, this is the first)", what.pieces);
  return line;
}

} // namespace

result<std::vector<model_store::damage>>
model_store::verify(const manifest& what,
                    const std::function<void(uint64_t)>& progress) {
  if (auto err = check_coverage(what))
    return err;
  std::vector<damage> damages;
  for (size_t i = 0; i < what.slices.size(); ++i) {
    auto found = examine(*fs_, folder_, what.slices[i], progress);
    if (!found.reason.empty())
      damages.push_back({i, describe(what.net, found)});
  }
  return damages;
}

} // namespace nnactor
