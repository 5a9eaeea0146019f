#pragma once

#include <boost/filesystem.hpp>

#include <string>

namespace nnactor {

/// A folder for the model of a benchmark, gone with it.
class temporary_folder {
public:
  temporary_folder()
      : path_(boost::filesystem::temp_directory_path()
              / boost::filesystem::unique_path("nnactor-%%%%%%%%")) {
    boost::filesystem::create_directories(path_);
  }

  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  ~temporary_folder() {
    boost::system::error_code ignored;
    boost::filesystem::remove_all(path_, ignored);
  }

  std::string file(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  boost::filesystem::path path_;
};

} // namespace nnactor
