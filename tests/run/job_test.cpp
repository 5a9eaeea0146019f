#include "nnactor/run/job.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("nodes of a machine share its memory, but not that of their GPUs") {
  cluster_view nodes;
  nodes.members.resize(4);
  for (auto& x : nodes.members) {
    x.info.host = "one";
    x.info.memory = 12000;
  }
  nodes.members[2].info.device_memory = 5000;
  nodes.members[3].info.host = "two";
  CHECK(memory_limits({}, nodes)
        == std::vector<uint64_t>{4000, 4000, 5000, 12000});
  cluster_settings how;
  how.memory = 4500;
  CHECK(memory_limits(how, nodes)
        == std::vector<uint64_t>{4000, 4000, 4500, 4500});
}

TEST_CASE("a model's folder has a name and a place, however it is written") {
  CHECK(name_of_model("models/quick") == "quick");
  CHECK(name_of_model("models/quick/") == "quick");
  CHECK(name_of_model("quick") == "quick");
  CHECK(folder_of_model("models/quick") == "models");
  CHECK(folder_of_model("models/quick/") == "models");
  CHECK(folder_of_model("quick") == ".");
  CHECK(folder_of_model("/srv/models/quick") == "/srv/models");
}
