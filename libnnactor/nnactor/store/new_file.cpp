#include "nnactor/store/new_file.hpp"

#include "nnactor/store/names.hpp"

namespace nnactor {

namespace {

caf::error write(filesystem& fs, const std::string& path, const filling& fill,
                 const file_failpoints& way) {
  auto file = fs.create(path);
  if (!file)
    return file.error();
  reach(way.created);
  if (auto err = fill(**file))
    return err;
  reach(way.written);
  auto err = (*file)->finish();
  reach(way.synced);
  return err;
}

} // namespace

result<std::string> write_new_file(filesystem& fs, const std::string& folder,
                                   const naming& name, const filling& fill,
                                   const file_failpoints& way) {
  constexpr int attempts = 2;
  caf::error failure;
  for (int i = 0; i < attempts; ++i) {
    auto file = name(random_name());
    auto path = in_folder(folder, file);
    failure = write(fs, path, fill, way);
    if (!failure)
      failure = fs.sync_folder(folder);
    if (!failure) {
      reach(way.named);
      return file;
    }
    // What cannot be removed now is garbage that nothing names.
    if (fs.exists(path))
      fs.remove(path);
  }
  return failure;
}

} // namespace nnactor
