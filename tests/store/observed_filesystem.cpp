#include "store/observed_filesystem.hpp"

namespace nnactor::test {

namespace {

caf::error broken(const std::string& path) {
  return fail(ec::store_unwritable, "{}: injected failure", path);
}

// A failing write leaves the half of it behind, as a disk would.
class observed_writer : public filesystem::writer {
public:
  observed_writer(std::shared_ptr<observed_filesystem> owner, std::string path,
                  std::unique_ptr<filesystem::writer> inner)
      : owner_(std::move(owner)), path_(std::move(path)),
        inner_(std::move(inner)) {
  }

  caf::error append(std::span<const std::byte> bytes) override {
    if (!owner_->next_fails())
      return inner_->append(bytes);
    inner_->append(bytes.first(bytes.size() / 2));
    return broken(path_);
  }

  caf::error finish() override {
    return owner_->next_fails() ? broken(path_) : inner_->finish();
  }

private:
  std::shared_ptr<observed_filesystem> owner_;
  std::string path_;
  std::unique_ptr<filesystem::writer> inner_;
};

} // namespace

observed_filesystem::observed_filesystem(std::shared_ptr<filesystem> inner)
    : inner_(std::move(inner)) {
}

bool observed_filesystem::next_fails() {
  ++operations;
  if (fail_at == 0)
    return false;
  return stay_down ? operations >= fail_at : operations == fail_at;
}

result<std::unique_ptr<filesystem::writer>>
observed_filesystem::create(const std::string& path) {
  if (next_fails() || (full && path.find("/temporary.") != std::string::npos))
    return broken(path);
  auto file = inner_->create(path);
  if (!file)
    return file.error();
  return std::unique_ptr<writer>{std::make_unique<observed_writer>(
      shared_from_this(), path, std::move(*file))};
}

caf::error observed_filesystem::read(const std::string& path, uint64_t offset,
                                     std::span<std::byte> into) {
  if (next_fails())
    return broken(path);
  bytes_read += into.size();
  return inner_->read(path, offset, into);
}

result<uint64_t> observed_filesystem::size(const std::string& path) {
  if (next_fails())
    return broken(path);
  return inner_->size(path);
}

result<bool> observed_filesystem::link(const std::string& from,
                                       const std::string& to) {
  if (next_fails())
    return broken(to);
  return inner_->link(from, to);
}

caf::error observed_filesystem::remove(const std::string& path) {
  return next_fails() ? broken(path) : inner_->remove(path);
}

caf::error observed_filesystem::make_folder(const std::string& path) {
  return next_fails() ? broken(path) : inner_->make_folder(path);
}

caf::error observed_filesystem::remove_folder(const std::string& path) {
  return next_fails() ? broken(path) : inner_->remove_folder(path);
}

caf::error observed_filesystem::sync_folder(const std::string& path) {
  return next_fails() ? broken(path) : inner_->sync_folder(path);
}

result<std::vector<std::string>>
observed_filesystem::list(const std::string& path) {
  if (next_fails())
    return broken(path);
  return inner_->list(path);
}

bool observed_filesystem::exists(const std::string& path) {
  return inner_->exists(path);
}

caf::error observed_filesystem::touch(const std::string& path) {
  return next_fails() ? broken(path) : inner_->touch(path);
}

result<uint64_t> observed_filesystem::modified(const std::string& path) {
  if (next_fails())
    return broken(path);
  return inner_->modified(path);
}

} // namespace nnactor::test
