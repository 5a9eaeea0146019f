#include "nnactor/run/job.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("a model's folder has a name and a place, however it is written") {
  CHECK(name_of_model("models/quick") == "quick");
  CHECK(name_of_model("models/quick/") == "quick");
  CHECK(name_of_model("quick") == "quick");
  CHECK(folder_of_model("models/quick") == "models");
  CHECK(folder_of_model("models/quick/") == "models");
  CHECK(folder_of_model("quick") == ".");
  CHECK(folder_of_model("/srv/models/quick") == "/srv/models");
}
