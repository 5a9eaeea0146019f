#include "nnactor/store/checksum.hpp"
#include "nnactor/store/model_folder.hpp"
#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"
#include "nnactor/store/piece.hpp"
#include "nnactor/store/slice_check.hpp"
#include "nnactor/tensor/page_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace nnactor {

namespace {

// Rows that are copied out of one slice, piece by piece.
class slice_copier {
public:
  using watcher = std::function<void(uint64_t)>;

  slice_copier(filesystem& fs, const std::string& folder, const slice& from,
               const watcher& progress)
      : fs_(fs), folder_(folder), from_(from), progress_(progress) {
  }

  // Copies the bytes of the slice from `begin` on to `into`.
  caf::error copy(uint64_t begin, std::span<std::byte> into) {
    while (!into.empty()) {
      if (auto err = load(begin / piece_size))
        return err;
      auto rest = std::span{piece_}.subspan(begin % piece_size);
      auto count = std::min(rest.size(), into.size());
      std::memcpy(into.data(), rest.data(), count);
      into = into.subspan(count);
      begin += count;
    }
    return caf::none;
  }

private:
  // Rows are asked for in ascending order, so the last piece is all that needs
  // to be kept to read each one once.
  caf::error load(uint64_t index) {
    if (loaded_ == index)
      return caf::none;
    loaded_.reset();
    if (auto err = read_piece(fs_, folder_, from_, index, piece_))
      return err;
    loaded_ = index;
    if (progress_)
      progress_(piece_.size());
    return caf::none;
  }

  filesystem& fs_;
  const std::string& folder_;
  const slice& from_;
  const watcher& progress_;
  std::vector<std::byte> piece_;
  std::optional<uint64_t> loaded_;
};

// One parameter while its rows are gathered from the slices that have them.
struct gathering {
  std::string name;
  uint64_t columns;
  tensor_builder<float> values;
  neuron_set found;
};

caf::error gather(filesystem& fs, const std::string& folder, const slice& from,
                  const neuron_set& wanted, gathering& into,
                  const slice_copier::watcher& progress) {
  auto rows = intersect(from.neurons, wanted);
  auto row_bytes = from.columns * sizeof(float);
  auto target = std::as_writable_bytes(into.values.values());
  slice_copier copier{fs, folder, from, progress};
  // Ids that follow each other in both sets have slots that do.
  for (auto& run : rows.intervals()) {
    auto begin = *from.neurons.slot_of(run.begin) * row_bytes;
    auto place = *wanted.slot_of(run.begin) * row_bytes;
    auto part = target.subspan(place, run.size() * row_bytes);
    if (auto err = copier.copy(begin, part))
      return err;
  }
  into.found = unite(into.found, rows);
  return caf::none;
}

gathering& find_or_add(std::vector<gathering>& all, const slice& from,
                       uint64_t rows) {
  for (auto& x : all)
    if (x.name == from.parameter)
      return x;
  shape extent{rows, from.columns};
  auto bytes = page_buffer(extent.size() * sizeof(float));
  all.push_back({from.parameter,
                 from.columns,
                 tensor_builder<float>{extent, std::move(bytes)},
                 {}});
  return all.back();
}

caf::error check_request(const manifest& from, layer_id layer,
                         const neuron_set& neurons) {
  if (layer >= from.net.layers.size())
    return fail(ec::invalid_argument, "the model has no layer {}", layer);
  auto& owner = from.net.layers[layer];
  auto foreign = subtract(neurons, owner.neurons());
  if (!foreign.empty())
    return fail(ec::invalid_argument, "neurons {} are not in layer '{}'",
                to_string(foreign), owner.name);
  return caf::none;
}

result<parameter_set> finish(const manifest& from, layer_id layer,
                             const neuron_set& neurons,
                             std::vector<gathering> all) {
  parameter_set out{layer, neurons, {}};
  for (auto& x : all) {
    auto missing = subtract(neurons, x.found);
    if (!missing.empty())
      return fail(ec::store_corrupt, "layer '{}': neurons {} have no '{}'",
                  from.net.layers[layer].name, to_string(missing), x.name);
    out.parameters.push_back({x.name, std::move(x.values).share()});
  }
  return out;
}

} // namespace

result<std::vector<uint64_t>> model_store::generations() {
  auto names = list_model(*fs_, folder_);
  if (!names)
    return names.error();
  return std::move(names->generations);
}

void model_store::distrust(uint64_t generation) {
  distrusted_.insert(generation);
}

result<manifest> model_store::open(uint64_t generation) {
  auto loaded = load_manifest(*fs_, folder_, generation);
  if (!loaded)
    return loaded.error();
  return std::move(loaded->what);
}

result<manifest> model_store::open(choice which) {
  auto names = list_model(*fs_, folder_);
  if (!names)
    return names.error();
  std::erase_if(names->generations,
                [this](uint64_t x) { return distrusted_.contains(x); });
  auto chosen = load_newest(*fs_, folder_, *names);
  if (!chosen)
    return chosen.error();
  if (which == choice::newest)
    return std::move(chosen->what);
  for (auto i = names->generations.rbegin(); i != names->generations.rend();
       ++i) {
    auto other = load_manifest(*fs_, folder_, *i);
    if (other && is_better(other->what, chosen->what)
        && !check_files(*fs_, folder_, other->what))
      chosen = std::move(other);
  }
  return std::move(chosen->what);
}

result<parameter_set>
model_store::read(const manifest& from, layer_id layer,
                  const neuron_set& neurons,
                  const std::function<void(uint64_t)>& progress) {
  if (auto err = check_request(from, layer, neurons))
    return err;
  std::vector<gathering> all;
  for (auto& x : from.slices) {
    if (x.layer != layer)
      continue;
    if (auto err = check_form(x))
      return err;
    auto& into = find_or_add(all, x, neurons.size());
    if (into.columns != x.columns)
      return fail(ec::store_corrupt, "{}: {} has {} columns instead of {}",
                  x.file, describe(from.net, x), x.columns, into.columns);
    if (auto err = gather(*fs_, folder_, x, neurons, into, progress))
      return err;
  }
  return finish(from, layer, neurons, std::move(all));
}

} // namespace nnactor
