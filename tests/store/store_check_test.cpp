#include "nnactor/store/names.hpp"
#include "nnactor/store/store_check.hpp"
#include "store/fixture.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;
using std::chrono::milliseconds;

namespace {

/// A folder for a model on a disk where time passes at once.
struct folder_of_a_model {
  std::shared_ptr<memory_filesystem> fs = std::make_shared<memory_filesystem>();
  milliseconds waited{0};

  void train() {
    auto net = small_network();
    model_store store{fs, "m"};
    auto epoch = store.claim_epoch();
    REQUIRE(epoch);
    REQUIRE(commit_model(store, *epoch, net, deal(net, 2), 0.5));
  }

  /// A run on another machine, dead or alive: nobody knows before some time.
  void write_run_elsewhere() {
    std::string text = "elsewhere\n1\nanother boot\n1\n";
    auto file = fs->create(in_folder("m", run_file(1)));
    REQUIRE(file);
    REQUIRE(!(*file)->append(std::as_bytes(std::span{text})));
    REQUIRE(!(*file)->finish());
  }

  std::optional<store_conflict> find(store_check& by) {
    return by.find_conflict([this](milliseconds time) { waited += time; });
  }

  std::optional<store_conflict> find(store_use how) {
    store_check by{fs, "m", how};
    return find(by);
  }
};

} // namespace

TEST_CASE("a run may begin where there is no model") {
  folder_of_a_model x;
  using enum store_use;
  for (auto how : {begin, resume, overwrite})
    CHECK(!x.find(how));
}

TEST_CASE("a model is in the way of who wants neither it nor to replace it") {
  folder_of_a_model x;
  x.train();
  auto found = x.find(store_use::begin);
  REQUIRE(found);
  CHECK(!found->owner);
  REQUIRE(found->model);
  CHECK(found->model->generations == 1);
  CHECK(found->model->saved);
  REQUIRE(found->model->newest);
  CHECK(found->model->newest->validation_loss == 0.5);
  CHECK(!x.find(store_use::resume));
  CHECK(!x.find(store_use::overwrite));
}

TEST_CASE("a damaged model is one, too") {
  folder_of_a_model x;
  x.train();
  flip(*x.fs, in_folder("m", manifest_file(1)), 100);
  auto found = look_at_model(x.fs, "m");
  REQUIRE(found);
  CHECK(found->generations == 1);
  CHECK(!found->newest);
  CHECK(code_of(found->damage) == ec::store_corrupt);
}

TEST_CASE("a run that lives is in everybody's way") {
  folder_of_a_model x;
  REQUIRE(!x.fs->make_folder("m"));
  auto held = run_lease::hold(x.fs, "m", 1);
  REQUIRE(held);
  using enum store_use;
  for (auto how : {begin, resume, overwrite}) {
    auto found = x.find(how);
    REQUIRE(found);
    CHECK(found->owner);
    CHECK(!found->model);
  }
}

TEST_CASE("a sign of life is waited for once, and again after a change") {
  folder_of_a_model x;
  x.train();
  x.write_run_elsewhere();
  store_check by{x.fs, "m", store_use::resume};
  CHECK(!x.find(by));
  CHECK(x.waited >= run_lease::patience);
  x.waited = {};
  CHECK(!x.find(by));
  CHECK(x.waited == milliseconds{0});
  x.train();
  CHECK(!x.find(by));
  CHECK(x.waited >= run_lease::patience);
}
