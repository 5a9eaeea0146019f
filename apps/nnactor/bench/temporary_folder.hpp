#pragma once

#include "terminal/temporary_path.hpp"

#include <boost/filesystem.hpp>

#include <string>

namespace nnactor {

/// A folder for the model of a benchmark, gone with it.
class temporary_folder {
public:
  temporary_folder()
      : path_((boost::filesystem::temp_directory_path()
               / boost::filesystem::unique_path("nnactor-%%%%%%%%"))
                  .string()) {
    boost::filesystem::create_directories(path_.name());
  }

  std::string file(const std::string& name) const {
    return path_.name() + "/" + name;
  }

private:
  temporary_path path_;
};

} // namespace nnactor
