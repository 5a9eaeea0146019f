#pragma once

#include "nnactor/data/dataset.hpp"

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>
#include <zlib.h>

#include <fstream>
#include <string>

namespace nnactor {

/// A folder that lasts as long as a test.
class temporary_folder {
public:
  temporary_folder()
      : path_(boost::filesystem::temp_directory_path()
              / boost::filesystem::unique_path("nnactor-%%%%%%%%")) {
    boost::filesystem::create_directory(path_);
  }

  ~temporary_folder() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }

  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

  std::string path() const {
    return path_.string();
  }

  /// Writes a file as it is and returns its path.
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream{*this / name, std::ios::binary} << bytes;
    return *this / name;
  }

  /// Writes a file compressed by gzip and returns its path.
  std::string write_gz(const std::string& name,
                       const std::string& bytes) const {
    auto* file = gzopen((*this / name).c_str(), "wb");
    REQUIRE(file != nullptr);
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return *this / name;
  }

private:
  boost::filesystem::path path_;
};

/// Opens data that must be right.
inline std::shared_ptr<const dataset> opened(const data_settings& how) {
  auto out = open_dataset(how);
  REQUIRE_MESSAGE(out, explain(out.error()));
  return *out;
}

/// Opens data that must be wrong and returns the sentence about it, which
/// must begin with the place of `data.path`.
inline std::string error_of(data_settings how) {
  how.path_where = {"x.toml", 2, 8};
  auto out = open_dataset(how);
  REQUIRE_FALSE(out);
  CHECK(code_of(out.error()) == ec::invalid_data);
  auto text = explain(out.error());
  REQUIRE(text.starts_with("x.toml:2:8: "));
  return text.substr(12);
}

} // namespace nnactor
