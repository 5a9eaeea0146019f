#include "nnactor/store/posix_error.hpp"

#include <cerrno>
#include <system_error>

namespace nnactor {

namespace {

// What a person can do about it; empty where only the reason itself helps.
const char* advice(int number) {
  switch (number) {
  case EACCES:
  case EPERM:
    return "; choose a folder that this user may write";
  case EEXIST:
    return "; what is there is left as it is, choose another name";
  case EROFS:
    return "; the file system is mounted read-only";
  case ENOSPC:
  case EDQUOT:
    return "; free some space or choose another folder";
  case ENOTDIR:
    return "; a part of this path is a file, choose another folder";
  case ESTALE:
    return "; the folder was replaced on its server, mount it again";
  case EIO:
    return "; check the storage";
  default:
    return "";
  }
}

std::string sentence(const std::string& path, const char* attempt, int number) {
  return fmt::format("{}: cannot {}: {}", path, attempt,
                     std::generic_category().message(number));
}

} // namespace

caf::error write_failure(const std::string& path, const char* attempt,
                         int number) {
  return make_error(ec::store_unwritable,
                    sentence(path, attempt, number) + advice(number));
}

caf::error read_failure(const std::string& path, const char* attempt,
                        int number) {
  auto absent = number == ENOENT || number == ENOTDIR || number == EACCES
                || number == EPERM;
  return make_error(absent ? ec::store_missing : ec::store_corrupt,
                    sentence(path, attempt, number));
}

caf::error too_short(const std::string& path, uint64_t size, uint64_t offset,
                     uint64_t count) {
  return fail(ec::store_corrupt,
              "{}: has {} bytes, those from {} to {} are missing", path, size,
              offset, offset + count - 1);
}

} // namespace nnactor
