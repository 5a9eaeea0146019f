#include "nnactor/store/model_folder.hpp"

#include "nnactor/store/names.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace nnactor {

namespace {

void sort_name(const std::string& name, model_folder& into) {
  if (auto generation = parse_manifest_file(name))
    into.generations.push_back(*generation);
  else if (auto owner = parse_generation_folder(name))
    into.folders.push_back(*owner);
  else if (auto epoch = parse_epoch_file(name))
    into.newest_epoch = std::max(into.newest_epoch, *epoch);
  else if (parse_temporary_manifest(name))
    into.temporaries.push_back(name);
  else if (auto run = parse_run_file(name))
    into.runs.push_back(*run);
}

result<std::vector<std::byte>> read_whole(filesystem& fs,
                                          const std::string& path) {
  auto size = fs.size(path);
  if (!size)
    return size.error();
  std::vector<std::byte> bytes(*size);
  if (auto err = fs.read(path, 0, bytes))
    return err;
  return bytes;
}

double loss_of(const manifest& what) {
  auto loss =
      what.validation_loss.value_or(std::numeric_limits<double>::infinity());
  return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
}

} // namespace

result<model_folder> list_model(filesystem& fs, const std::string& folder) {
  auto names = fs.list(folder);
  if (!names && !fs.exists(folder))
    return fail(ec::store_missing,
                "{}: holds no model, there is no such folder", folder);
  if (!names)
    return names.error();
  model_folder found;
  for (auto& name : *names)
    sort_name(name, found);
  // Beyond six digits the order of names is not that of numbers.
  std::sort(found.generations.begin(), found.generations.end());
  std::sort(found.folders.begin(), found.folders.end());
  std::sort(found.runs.begin(), found.runs.end());
  return found;
}

result<loaded_manifest> load_manifest(filesystem& fs, const std::string& folder,
                                      uint64_t generation) {
  auto path = in_folder(folder, manifest_file(generation));
  auto bytes = read_whole(fs, path);
  if (!bytes)
    return bytes.error();
  auto what = decode_manifest(*bytes);
  if (!what)
    return within(path, what.error());
  if (what->generation != generation)
    return fail(ec::store_corrupt, "{}: is the manifest of generation {}", path,
                what->generation);
  if (auto err = check_coverage(*what))
    return within(path, err);
  return loaded_manifest{std::move(*what), digest_of(*bytes)};
}

caf::error check_files(filesystem& fs, const std::string& folder,
                       const manifest& what) {
  std::map<std::string, uint64_t> ends;
  for (auto& x : what.slices)
    ends[x.file] = std::max(ends[x.file], x.offset + x.length);
  for (auto& [file, end] : ends) {
    auto path = in_folder(folder, file);
    auto size = fs.size(path);
    if (!size)
      return size.error();
    if (*size != end)
      return fail(ec::store_corrupt, "{}: has {} bytes instead of {}", path,
                  *size, end);
  }
  return caf::none;
}

result<loaded_manifest> load_newest(filesystem& fs, const std::string& folder,
                                    const model_folder& names) {
  caf::error failure =
      fail(ec::store_missing, "{}: holds no model, no generation was committed",
           folder);
  for (auto i = names.generations.rbegin(); i != names.generations.rend();
       ++i) {
    auto loaded = load_manifest(fs, folder, *i);
    auto err = loaded ? check_files(fs, folder, loaded->what) : loaded.error();
    if (!err)
      return loaded;
    if (i == names.generations.rbegin())
      failure = std::move(err);
  }
  return failure;
}

bool is_better(const manifest& x, const manifest& y) {
  return x.run == y.run && loss_of(x) < loss_of(y);
}

} // namespace nnactor
