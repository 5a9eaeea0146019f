#include "config/parse.hpp"

#include "nnactor/config/keys.hpp"

#include <algorithm>
#include <fstream>

using namespace nnactor;

namespace {

/// A file of the folder configs, found from where this source is.
std::string in_configs(const std::string& name) {
  std::string here = __FILE__;
  return here.substr(0, here.rfind("/tests/")) + "/configs/" + name;
}

std::string between(const std::string& line, const std::string& before,
                    const std::string& after) {
  auto begin = line.find(before);
  if (begin == std::string::npos)
    return {};
  begin += before.size();
  return line.substr(begin, line.find(after, begin) - begin);
}

/// Keys in the first column of the tables of README.md, by the section that
/// the last heading names.
std::vector<std::string> documented_keys() {
  std::ifstream in{in_configs("README.md")};
  REQUIRE(in);
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

} // namespace

TEST_CASE("configs/README.md documents every key, and no other") {
  auto documented = documented_keys();
  auto accepted = experiment_keys();
  CHECK(accepted.size() > 40);
  std::sort(documented.begin(), documented.end());
  std::sort(accepted.begin(), accepted.end());
  CHECK(documented == accepted);
}

TEST_CASE("the shipped configs are right") {
  for (const auto* name : {"quickstart.toml", "mnist.toml"}) {
    CAPTURE(name);
    auto x = read_experiment(in_configs(name), {});
    REQUIRE_MESSAGE(x, explain(x.error()));
    auto is_text = x->data.kind == data_settings::format::text;
    auto net = build_network(x->network, is_text ? data_shape{16, 86, 86}
                                                 : data_shape{784, 0, 10});
    REQUIRE_MESSAGE(net, explain(net.error()));
    auto parts = distribute(*net, x->distribute);
    REQUIRE_MESSAGE(parts, explain(parts.error()));
    CHECK(parts->parts.size() == x->cluster.nodes);
  }
}
