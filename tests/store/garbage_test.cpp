#include "store/fixture.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

struct long_run {
  std::shared_ptr<filesystem> fs = make_memory_filesystem();
  model_store store{fs, "m"};
  network net = small_network();

  long_run() {
    REQUIRE(store.claim_epoch());
  }

  void commit(double loss, uint64_t epoch = 1) {
    REQUIRE(commit_model(store, epoch, net, deal(net, 2), loss));
  }

  std::vector<slice> leave_behind(uint64_t generation, uint64_t epoch) {
    auto part = deal(net, 1).parts[0];
    return *store.write_slices(generation, epoch, "n", groups_of(net, part));
  }

  std::vector<uint64_t> generations() {
    auto found = store.generations();
    REQUIRE(found);
    for (auto number : *found)
      CHECK(reads_whole(store, *store.open(number)));
    return *found;
  }
};

using numbers = std::vector<uint64_t>;

} // namespace

TEST_CASE_FIXTURE(long_run, "the newest generations and the best stay") {
  for (auto loss : {5., 2., 4., 4.5, 4.75, 6.})
    commit(loss);
  CHECK_FALSE(store.collect_garbage(3, 1));
  CHECK(generations() == numbers{2, 4, 5, 6});
  CHECK(*fs->list("m")
        == std::vector<std::string>{"000002", "000004", "000005", "000006",
                                    "epoch.1", "manifest.000002",
                                    "manifest.000004", "manifest.000005",
                                    "manifest.000006"});
  CHECK_FALSE(store.collect_garbage(3, 1));
  CHECK(generations() == numbers{2, 4, 5, 6});
  // To keep none would be to lose the model.
  CHECK_FALSE(store.collect_garbage(0, 1));
  CHECK(generations() == numbers{2, 6});
}

TEST_CASE_FIXTURE(long_run, "unfinished generations of older epochs go") {
  commit(3);
  auto old = leave_behind(2, 1);
  replace_file(*fs, "m/temporary.1.000002.ab", {});
  CHECK(store.claim_epoch() == 2u);
  auto running = leave_behind(2, 2);
  replace_file(*fs, "m/temporary.2.000002.cd", {});
  CHECK_FALSE(store.collect_garbage(3, 2));
  CHECK_FALSE(fs->exists("m/" + old[0].file));
  CHECK_FALSE(fs->exists("m/temporary.1.000002.ab"));
  // What this epoch is writing beyond the newest generation is not garbage.
  CHECK(fs->exists("m/" + running[0].file));
  CHECK(fs->exists("m/temporary.2.000002.cd"));
  CHECK(generations() == numbers{1});
}

TEST_CASE_FIXTURE(long_run, "a commit makes what it does not name garbage") {
  auto straggler = leave_behind(1, 1);
  replace_file(*fs, "m/temporary.1.000001.ab", {});
  commit(3);
  CHECK_FALSE(store.collect_garbage(3, 1));
  CHECK_FALSE(fs->exists("m/" + straggler[0].file));
  CHECK_FALSE(fs->exists("m/temporary.1.000001.ab"));
  CHECK(generations() == numbers{1});
}

TEST_CASE_FIXTURE(long_run, "a coordinator that was replaced removes nothing") {
  for (auto loss : {1., 2., 3., 4.})
    commit(loss);
  CHECK(store.claim_epoch() == 2u);
  auto theirs = leave_behind(5, 2);
  CHECK_FALSE(store.collect_garbage(1, 1));
  CHECK(generations() == numbers{1, 2, 3, 4});
  CHECK(fs->exists("m/" + theirs[0].file));
}

TEST_CASE_FIXTURE(long_run, "files of others are left alone") {
  for (auto loss : {1., 2., 3.})
    commit(loss);
  replace_file(*fs, "m/notes.txt", {});
  replace_file(*fs, "m/000002/notes.txt", {});
  CHECK_FALSE(store.collect_garbage(1, 1));
  CHECK(generations() == numbers{1, 3});
  CHECK(fs->exists("m/notes.txt"));
  CHECK(*fs->list("m/000002") == std::vector<std::string>{"notes.txt"});
}

TEST_CASE_FIXTURE(long_run, "a damaged generation neither counts nor goes") {
  for (auto loss : {4., 3., 2., 1.})
    commit(loss);
  auto files = *fs->list("m/000004");
  flip(*fs, "m/manifest.000004", 100);
  CHECK_FALSE(store.collect_garbage(2, 1));
  CHECK(*store.generations() == numbers{2, 3, 4});
  CHECK(*fs->list("m/000004") == files);
  CHECK(store.open(choice::newest)->generation == 3);
}

TEST_CASE_FIXTURE(long_run, "an empty store has no garbage") {
  CHECK_FALSE(store.collect_garbage(3, 1));
  CHECK(model_store(fs, "none").collect_garbage(3, 1));
}

TEST_CASE_FIXTURE(long_run, "a new run does not compete with an older one") {
  auto commit_of = [this](uint64_t run, double loss) {
    auto next = write_parts(store, 1, net, deal(net, 2));
    REQUIRE(next);
    next->run = run;
    next->validation_loss = loss;
    REQUIRE(store.commit(*next));
  };
  commit_of(1, 1.0);
  commit_of(2, 3.0);
  commit_of(2, 2.0);
  commit_of(2, 2.5);
  auto best = store.open(choice::best);
  REQUIRE(best);
  CHECK(best->generation == 3);
  CHECK(best->run == 2);
  CHECK_FALSE(store.collect_garbage(1, 1));
  CHECK(generations() == numbers{3, 4});
}
