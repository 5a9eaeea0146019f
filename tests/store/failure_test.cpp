#include "store/fixture.hpp"
#include "store/observed_filesystem.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

// A run that has committed two generations and sets out for the third, on a
// filesystem that fails at a chosen operation.
struct trial {
  std::shared_ptr<memory_filesystem> disk =
      std::make_shared<memory_filesystem>();
  std::shared_ptr<observed_filesystem> fs =
      std::make_shared<observed_filesystem>(disk);
  model_store store{fs, "m"};
  network net = small_network();
  result<manifest> committed = ec::none;
  caf::error swept;

  trial(uint64_t fail_at, bool stay_down) {
    REQUIRE(model_store(disk, "m").claim_epoch());
    for (auto loss : {1., 2.})
      REQUIRE(commit_with(disk, loss));
    fs->fail_at = fail_at;
    fs->stay_down = stay_down;
    committed = commit_with(fs, 3.);
    swept = store.collect_garbage(1, 1);
  }

  result<manifest> commit_with(std::shared_ptr<filesystem> where, double loss) {
    model_store run{std::move(where), "m"};
    return commit_model(run, 1, net, deal(net, 2), loss);
  }

  bool failed() const {
    return fs->operations >= fs->fail_at;
  }

  // Looks at the disk without the failure.
  void check_disk() {
    model_store reader{disk, "m"};
    auto newest = reader.open(choice::newest);
    REQUIRE_MESSAGE(newest, explain(newest.error()));
    CHECK(reads_whole(reader, *newest));
    CHECK(newest->generation >= (committed ? 3 : 2));
    auto best = reader.open(choice::best);
    REQUIRE(best);
    CHECK(best->validation_loss == 1.);
    CHECK(reads_whole(reader, *best));
    // Whatever is visible is whole.
    auto generations = reader.generations();
    REQUIRE(generations);
    for (auto generation : *generations)
      CHECK(reads_whole(reader, *reader.open(generation)));
  }
};

// Runs a trial for every operation, until one ends without a failure.
void for_every_operation(bool stay_down,
                         const std::function<void(trial&)>& check) {
  for (uint64_t fail_at = 1;; ++fail_at) {
    CAPTURE(fail_at);
    trial one{fail_at, stay_down};
    if (!one.failed()) {
      CHECK(fail_at > 30);
      CHECK(one.committed);
      CHECK_FALSE(one.swept);
      return;
    }
    check(one);
  }
}

} // namespace

TEST_CASE("one failing operation never damages the model") {
  uint64_t outlived = 0;
  for_every_operation(false, [&](trial& one) {
    one.check_disk();
    outlived += one.committed && !one.swept ? 1 : 0;
    // The run goes on as if nothing had been.
    REQUIRE(one.commit_with(one.disk, 4.));
    one.check_disk();
  });
  // Some failures were overcome by writing the file anew.
  CHECK(outlived > 5);
}

TEST_CASE("a coordinator that dies anywhere leaves a whole model") {
  for_every_operation(true, [](trial& one) {
    one.check_disk();
    CHECK((!one.committed || one.swept));
    // Another takes over and cleans up.
    model_store next{one.disk, "m"};
    auto epoch = next.claim_epoch();
    REQUIRE(epoch);
    REQUIRE(commit_model(next, *epoch, one.net, deal(one.net, 3), 4.));
    CHECK_FALSE(next.collect_garbage(1, *epoch));
    CHECK(next.generations()->size() == 2);
    one.check_disk();
    auto names = one.disk->list("m");
    REQUIRE(names);
    for (auto& name : *names)
      CHECK_FALSE(name.starts_with("temporary"));
  });
}

TEST_CASE("a power loss anywhere leaves a whole model") {
  for_every_operation(true, [](trial& one) {
    one.disk->power_loss();
    one.check_disk();
  });
}

TEST_CASE("after a commit a power loss takes nothing of it") {
  trial one{0, false};
  REQUIRE(one.committed);
  one.disk->power_loss();
  CHECK(model_store(one.disk, "m").open(choice::newest)->generation == 3);
  one.check_disk();
}

TEST_CASE("a file that fails is written anew under another name") {
  auto fs = std::make_shared<observed_filesystem>(make_memory_filesystem());
  model_store store{fs, "m"};
  REQUIRE(store.claim_epoch());
  auto net = small_network();
  auto groups = groups_of(net, deal(net, 1).parts[0]);
  fs->operations = 0;
  fs->fail_at = 4; // make_folder, create, append, append
  auto slices = store.write_slices(1, 1, "n", groups);
  REQUIRE(slices);
  CHECK(fs->operations > fs->fail_at);
  CHECK(fs->list("m/000001")->size() == 1);

  fs->operations = 0;
  fs->stay_down = true;
  auto failed = store.write_slices(1, 1, "n", groups);
  REQUIRE_FALSE(failed);
  CHECK(code_of(failed.error()) == ec::store_unwritable);
}
