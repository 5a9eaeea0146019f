#include "front_end/node_on_loopback.hpp"
#include "nnactor/run/served_model.hpp"

using namespace nnactor;
using namespace nnactor::test;

TEST_CASE("a model that is not there is missed before a node is asked") {
  CHECK(code_of(served_model::find("no/model").error()) == ec::store_missing);
}

TEST_CASE("a saved model answers, in whatever parts") {
  node_on_loopback node;
  node.train_a_model(20);
  auto job = node.job(20);
  auto question = job.data->gather(split::validation, {0, 1, 2}).inputs;
  std::vector<tensor> answers;
  for (uint32_t parts : {0, 1, 3}) {
    auto model = served_model::find(node.model());
    REQUIRE(model);
    REQUIRE(!model->join(job.how.cluster));
    REQUIRE(!model->load(parts, [](auto&) {}));
    auto answer = model->infer(question);
    REQUIRE(answer);
    CHECK(answer->extent().rows == 3);
    answers.push_back(*answer);
  }
  CHECK(answers[0].values<float>().size() == answers[1].values<float>().size());
  for (size_t i = 0; i < answers[0].values<float>().size(); ++i)
    for (auto& other : answers)
      CHECK(other.values<float>()[i]
            == doctest::Approx(answers[0].values<float>()[i]));
}

TEST_CASE("a damaged generation is passed over, and the one before served") {
  node_on_loopback node;
  node.train_a_model(20);
  auto model = served_model::find(node.model());
  REQUIRE(model);
  auto best = model->from();
  for (auto& x : best.slices)
    flip(*make_posix_filesystem(), node.model() + "/" + x.file, x.offset);
  REQUIRE(!model->join(node.job(20).how.cluster));
  std::vector<progress> notices;
  REQUIRE(!model->load(0, [&](const progress& event) {
    if (event.what == progress::kind::notice)
      notices.push_back(event);
  }));
  CHECK(notices.size() == 1);
  CHECK(model->from().generation != best.generation);
}
