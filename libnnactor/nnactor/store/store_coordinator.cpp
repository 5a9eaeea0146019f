#include "nnactor/store/model_folder.hpp"
#include "nnactor/store/model_store.hpp"
#include "nnactor/store/names.hpp"
#include "nnactor/store/new_file.hpp"

namespace nnactor {

namespace {

constexpr size_t token_bytes = 16;

// Claims one epoch. False if somebody else has it.
result<bool> claim(filesystem& fs, const std::string& folder, uint64_t epoch,
                   const std::string& token) {
  auto path = in_folder(folder, epoch_file(epoch));
  auto file = fs.create(path);
  if (!file) {
    if (fs.exists(path))
      return false;
    return file.error();
  }
  auto err = (*file)->append(std::as_bytes(std::span{token}));
  if (!err)
    err = (*file)->finish();
  if (!err)
    err = fs.sync_folder(folder);
  if (!err)
    return true;
  fs.remove(path);
  return err;
}

// Slices that were written for another generation than the one that is next
// tell that somebody else has committed since.
caf::error check_generation(const std::string& folder, const manifest& next) {
  auto place = generation_folder(next.generation) + "/";
  for (auto& x : next.slices)
    if (!x.file.starts_with(place))
      return fail(ec::store_taken,
                  "{}: the next generation is {}, but {} was not written for "
                  "it; another coordinator has committed to this model, start "
                  "again from the newest generation",
                  folder, next.generation, x.file);
  return caf::none;
}

caf::error replaced(const std::string& folder, uint64_t newest, uint64_t ours) {
  return fail(ec::store_taken,
              "{}: epoch {} was claimed after epoch {} of this run; another "
              "coordinator trains this model, let only one run at a time",
              folder, newest, ours);
}

caf::error check_epoch(const std::string& folder, const model_folder& names,
                       uint64_t ours) {
  return names.newest_epoch <= ours
             ? caf::none
             : replaced(folder, names.newest_epoch, ours);
}

// The commit itself: from here on the generation exists, or it does not.
caf::error publish(filesystem& fs, const std::string& folder,
                   const std::string& temporary, uint64_t generation) {
  auto path = in_folder(folder, manifest_file(generation));
  auto won = fs.link(in_folder(folder, temporary), path);
  if (!won)
    return won.error();
  if (!*won)
    return fail(ec::store_taken,
                "{}: another coordinator committed generation {} first", path,
                generation);
  reach(failpoint::manifest_linked);
  auto err = fs.sync_folder(folder);
  // A name may be synced again, unlike data. If that fails, too, the generation
  // must not be there: its coordinator believes that it is not.
  if (err && fs.sync_folder(folder)) {
    fs.remove(path);
    return err;
  }
  reach(failpoint::commit_durable);
  return caf::none;
}

caf::error read_back(filesystem& fs, const std::string& path,
                     const std::vector<std::byte>& written) {
  std::vector<std::byte> found(written.size());
  if (auto err = fs.read(path, 0, found))
    return fail(ec::store_unwritable, "{}", explain(err));
  if (found != written)
    return fail(ec::store_unwritable,
                "{}: reads back other bytes than were written; check the "
                "storage",
                path);
  return caf::none;
}

caf::error write_manifest(filesystem& fs, const std::string& folder,
                          const manifest& next) {
  auto bytes = encode(next);
  auto name = [&](const std::string& nonce) {
    return temporary_manifest(next.epoch, next.generation, nonce);
  };
  auto fill = [&](filesystem::writer& file) { return file.append(bytes); };
  auto temporary =
      write_new_file(fs, folder, name, fill,
                     {failpoint::manifest_created, failpoint::manifest_written,
                      failpoint::manifest_synced, failpoint::manifest_named});
  if (!temporary)
    return temporary.error();
  auto path = in_folder(folder, *temporary);
  auto err = read_back(fs, path, bytes);
  if (!err)
    err = publish(fs, folder, *temporary, next.generation);
  // Left behind it is garbage, so whether this works does not matter.
  fs.remove(path);
  return err;
}

} // namespace

caf::error removed_meanwhile(const caf::error& why) {
  if (code_of(why) != ec::store_missing)
    return why;
  return make_error(ec::store_missing,
                    explain(why)
                        + "; it was removed or replaced while the run went on");
}

model_store::model_store(std::shared_ptr<filesystem> fs, std::string folder)
    : fs_(std::move(fs)), folder_(std::move(folder)) {
}

result<uint64_t> model_store::claim_epoch() {
  if (auto err = fs_->make_folder(folder_))
    return err;
  auto names = list_model(*fs_, folder_);
  if (!names)
    return fail(ec::store_unwritable, "{}", explain(names.error()));
  if (held_ != 0)
    if (auto err = check_epoch(folder_, *names, held_))
      return err;
  auto token = random_name(token_bytes);
  for (auto epoch = names->newest_epoch + 1;; ++epoch) {
    auto claimed = claim(*fs_, folder_, epoch, token);
    if (!claimed)
      return claimed.error();
    if (*claimed) {
      reach(failpoint::epoch_claimed);
      token_ = token;
      return held_ = epoch;
    }
    if (held_ != 0)
      return replaced(folder_, epoch, held_);
  }
}

result<std::string> model_store::epoch_token(uint64_t epoch) {
  auto path = in_folder(folder_, epoch_file(epoch));
  std::string token(token_bytes * 2, '\0');
  auto into = std::as_writable_bytes(std::span{token});
  if (auto err = fs_->read(path, 0, into))
    return err;
  return token;
}

caf::error model_store::check_token(uint64_t epoch, const std::string& token) {
  auto found = epoch_token(epoch);
  if (found && *found == token)
    return caf::none;
  // What cannot be read now may be there later.
  if (!found && code_of(found.error()) != ec::store_missing)
    return make_error(ec::store_unwritable, explain(found.error()));
  return fail(ec::store_missing, "{}: is not the folder of this run ({})",
              folder_,
              found ? fmt::format("its epoch {} is another's", epoch)
                    : explain(found.error()));
}

result<uint64_t> model_store::check_claim() {
  if (held_ != 0)
    if (auto err = check_token(held_, token_))
      return removed_meanwhile(err);
  return uint64_t{held_};
}

result<uint64_t> model_store::next_generation() {
  auto names = list_model(*fs_, folder_);
  if (!names)
    return names.error();
  return names->next_generation();
}

result<manifest> model_store::commit(manifest next) {
  if (auto same = check_claim(); !same)
    return same.error();
  auto names = list_model(*fs_, folder_);
  if (!names)
    return names.error();
  if (auto err = check_epoch(folder_, *names, next.epoch))
    return err;
  next.generation = names->next_generation();
  if (auto err = check_generation(folder_, next))
    return err;
  if (auto err = check_coverage(next))
    return err;
  if (auto err = check_files(*fs_, folder_, next))
    return err;
  auto parent = load_newest(*fs_, folder_, *names);
  next.parent = parent ? parent->sum : digest{};
  if (auto err = write_manifest(*fs_, folder_, next))
    return err;
  return next;
}

} // namespace nnactor
