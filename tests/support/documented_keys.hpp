#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace nnactor::test {

/// A file below the folder configs, found from where this source is.
inline std::string in_configs(const std::string& name) {
  std::string here = __FILE__;
  return here.substr(0, here.rfind("/tests/")) + "/configs/" + name;
}

/// Keys in the first column of the tables of a README below configs, by the
/// section that the last heading names.
inline std::vector<std::string> documented_keys(const std::string& readme) {
  std::ifstream in{in_configs(readme)};
  REQUIRE(in);
  auto between = [](const std::string& line, const std::string& before,
                    const std::string& after) {
    auto begin = line.find(before) + before.size();
    return line.substr(begin, line.find(after, begin) - begin);
  };
  std::vector<std::string> keys;
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("## ["))
      section = between(line, "[", "]");
    else if (line.starts_with("### [["))
      section = between(line, "[[", "]]");
    else if (line.starts_with("| `"))
      keys.push_back(section + "." + between(line, "`", "`"));
  }
  return keys;
}

/// Sorted, each once: a section may be described in one place for two.
inline std::vector<std::string> as_set(std::vector<std::string> all) {
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

} // namespace nnactor::test
