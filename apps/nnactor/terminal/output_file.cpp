#include "terminal/output_file.hpp"

#include <boost/filesystem.hpp>

#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace nnactor {

namespace {

bool is_there(const std::string& path) {
  boost::system::error_code ignored;
  return boost::filesystem::exists(
      boost::filesystem::symlink_status(path, ignored));
}

// A device, a pipe or the like.
bool is_stream(const std::string& path) {
  boost::system::error_code ignored;
  auto what = boost::filesystem::status(path, ignored).type();
  return what == boost::filesystem::character_file
         || what == boost::filesystem::fifo_file
         || what == boost::filesystem::socket_file;
}

} // namespace

caf::error check_output(const std::string& path, bool overwrite) {
  if (is_stream(path) || !is_there(path))
    return caf::none;
  boost::system::error_code ignored;
  if (boost::filesystem::is_directory(path, ignored))
    return fail(ec::invalid_argument, "{}: is a folder; name a file", path);
  if (overwrite)
    return caf::none;
  return fail(ec::invalid_argument,
              "{}: is there already; name another file, or add --overwrite",
              path);
}

whole_file::whole_file(std::string path, bool overwrite)
    : path_(std::move(path)), overwrite_(overwrite) {
  if (!is_stream(path_))
    part_.emplace(
        boost::filesystem::unique_path(path_ + ".%%%%%%%%.part").string());
}

result<whole_file> whole_file::begin(const std::string& path, bool overwrite) {
  if (auto err = check_output(path, overwrite))
    return err;
  return whole_file{path, overwrite};
}

caf::error whole_file::finish() {
  if (!part_)
    return caf::none;
  // Somebody may have made one meanwhile, which only `rename` would replace;
  // but not every file system has links.
  if (!overwrite_ && ::link(part().c_str(), path_.c_str()) == 0)
    return caf::none;
  if (!overwrite_ && is_there(path_))
    return check_output(path_, false);
  if (std::rename(part().c_str(), path_.c_str()) == 0)
    return caf::none;
  return fail(ec::internal, "{}: cannot be named so: {}", path_,
              std::strerror(errno));
}

output_file::output_file(std::string path, whole_file target)
    : path_(std::move(path)), target_(std::move(target)),
      file_(std::fopen(target_.part().c_str(), "wb")) {
}

result<output_file> output_file::create(const std::string& path,
                                        bool overwrite) {
  auto target = whole_file::begin(path, overwrite);
  if (!target)
    return target.error();
  output_file out{path, std::move(*target)};
  if (!out.file_)
    return fail(ec::invalid_argument,
                "{}: cannot be written: {}; name a file in a folder that can "
                "be written",
                path, std::strerror(errno));
  return out;
}

caf::error output_file::unwritable() const {
  return fail(ec::internal, "{}: not all could be written: {}", path_,
              std::strerror(errno));
}

caf::error output_file::write(std::string_view bytes) {
  auto written = std::fwrite(bytes.data(), 1, bytes.size(), file_.get());
  return written == bytes.size() ? caf::none : unwritable();
}

caf::error output_file::finish() {
  if (std::fclose(file_.release()) != 0)
    return unwritable();
  return target_.finish();
}

caf::error write_text(const std::string& path, std::string_view text,
                      bool overwrite) {
  auto file = output_file::create(path, overwrite);
  if (!file)
    return file.error();
  if (auto err = file->write(text))
    return err;
  return file->finish();
}

} // namespace nnactor
