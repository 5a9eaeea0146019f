#include "nnactor/defaults.hpp"
#include "nnactor/run/job.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

/// What a user reads of micro-batches of so many examples.
std::string complaint_about(uint32_t examples) {
  experiment how;
  how.file = "exp.toml";
  how.data.kind = data_settings::format::noise;
  how.data.inputs = 3;
  how.data.classes = 2;
  how.data.examples = 10;
  how.data.validation = 0.5;
  how.network.layers = {{.name = "out", .inputs = {}, .where = {}}};
  how.distribute.per_layer = true;
  how.distribute.parts = 1;
  how.run.train.batch = 4 * examples;
  how.run.train.micro_batches = 4;
  auto job = prepare(how);
  return job ? std::string{} : explain(job.error());
}

} // namespace

TEST_CASE("a model's folder has a name and a place, however it is written") {
  CHECK(name_of_model("models/quick") == "quick");
  CHECK(name_of_model("models/quick/") == "quick");
  CHECK(name_of_model("quick") == "quick");
  CHECK(folder_of_model("models/quick") == "models");
  CHECK(folder_of_model("models/quick/") == "models");
  CHECK(folder_of_model("quick") == ".");
  CHECK(folder_of_model("/srv/models/quick") == "/srv/models");
}

TEST_CASE("a micro-batch of more rows than a node takes is refused") {
  CHECK(complaint_about(defaults::max_rows) == "");
  CHECK(complaint_about(defaults::max_rows + 1)
        == "exp.toml: a micro-batch has 65537 rows, more than 65536; set "
           "train.micro_batches higher, or data.context lower");
}
