#include "output_file.hpp"

#include <cerrno>
#include <cstring>

namespace nnactor {

output_file::output_file(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file) {
}

result<output_file> output_file::create(const std::string& path) {
  auto* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr)
    return fail(ec::invalid_argument,
                "{}: cannot be written: {}; name a file in a folder that can "
                "be written",
                path, std::strerror(errno));
  return output_file{path, file};
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
  return std::fclose(file_.release()) == 0 ? caf::none : unwritable();
}

caf::error write_text(const std::string& path, std::string_view text) {
  auto file = output_file::create(path);
  if (!file)
    return file.error();
  if (auto err = file->write(text))
    return err;
  return file->finish();
}

} // namespace nnactor
