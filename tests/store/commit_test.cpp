#include "nnactor/store/names.hpp"
#include "store/fixture.hpp"
#include "store/observed_filesystem.hpp"
#include "support/sanitized.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace nnactor;
using namespace nnactor::test;

namespace {

bool says(const caf::error& what, const std::string& part) {
  auto text = explain(what);
  auto found = text.find(part) != std::string::npos;
  if (!found)
    MESSAGE("\"", text, "\" does not say \"", part, "\"");
  return found;
}

// A store with one generation, and slices written for the next.
struct half_way {
  std::shared_ptr<filesystem> fs = make_memory_filesystem();
  model_store store{fs, "m"};
  network net = small_network();
  manifest next;

  half_way() {
    REQUIRE(store.claim_epoch());
    REQUIRE(commit_model(store, 1, net, deal(net, 2)));
    auto written = write_parts(store, 1, net, deal(net, 2));
    REQUIRE(written);
    next = *written;
  }

  // Tries to commit; nothing may have changed.
  caf::error refuse() {
    auto committed = store.commit(next);
    REQUIRE_FALSE(committed);
    CHECK(*store.generations() == std::vector<uint64_t>{1});
    CHECK(store.open(choice::newest)->generation == 1);
    return committed.error();
  }
};

} // namespace

TEST_CASE_FIXTURE(half_way, "slices that miss a neuron are not committed") {
  next.slices.pop_back();
  CHECK(says(refuse(), "have no"));
}

TEST_CASE_FIXTURE(half_way, "slices that double a neuron are not committed") {
  auto again = store.write_slices(
      2, 1, "other", {parameters_of(net, 2, neuron_set::range(5, 7))});
  REQUIRE(again);
  next.slices.insert(next.slices.end(), again->begin(), again->end());
  CHECK(says(refuse(), "neurons 5-6 have 'weight' twice"));
}

TEST_CASE_FIXTURE(half_way, "a slice whose file is missing is not committed") {
  auto file = "m/" + next.slices[0].file;
  REQUIRE_FALSE(fs->remove(file));
  CHECK(says(refuse(), file));
}

TEST_CASE_FIXTURE(half_way, "a file that is too short is not committed") {
  auto file = "m/" + next.slices[0].file;
  auto bytes = read_file(*fs, file);
  bytes.pop_back();
  replace_file(*fs, file, bytes);
  CHECK(says(refuse(), fmt::format("has {} bytes instead of {}", bytes.size(),
                                   bytes.size() + 1)));
}

TEST_CASE_FIXTURE(half_way, "a file that is too long is not committed") {
  auto file = "m/" + next.slices[0].file;
  auto bytes = read_file(*fs, file);
  bytes.push_back(std::byte{0});
  replace_file(*fs, file, bytes);
  CHECK(says(refuse(), "bytes instead of"));
}

TEST_CASE_FIXTURE(half_way, "a coordinator that was replaced commits nothing") {
  CHECK(model_store{fs, "m"}.claim_epoch() == 2u);
  CHECK(says(refuse(), "epoch 2 was claimed after epoch 1"));
}

TEST_CASE_FIXTURE(half_way, "slices of a generation that is taken are late") {
  model_store rival{fs, "m"};
  auto theirs = write_parts(rival, 1, net, deal(net, 3));
  REQUIRE(theirs);
  REQUIRE(rival.commit(*theirs));
  auto committed = store.commit(next);
  REQUIRE_FALSE(committed);
  CHECK(code_of(committed.error()) == ec::store_taken);
  CHECK(says(committed.error(), "the next generation is 3"));
  CHECK(store.open(choice::newest)->slices.size() == theirs->slices.size());
}

TEST_CASE_FIXTURE(half_way, "a coordinator that was replaced stays so") {
  CHECK(store.claim_epoch() == 2u);
  model_store rival{fs, "m"};
  CHECK(rival.claim_epoch() == 3u);
  auto refused = store.claim_epoch();
  REQUIRE_FALSE(refused);
  CHECK(code_of(refused.error()) == ec::store_taken);
  CHECK(says(refused.error(), "epoch 3 was claimed after epoch 2"));
  CHECK(rival.claim_epoch() == 4u);
}

namespace {

// Lets a rival commit at the moment before the link.
class raced_filesystem : public observed_filesystem {
public:
  using observed_filesystem::observed_filesystem;
  std::function<void()> before_link;

  result<bool> link(const std::string& from, const std::string& to) override {
    if (auto rival = std::exchange(before_link, nullptr))
      rival();
    return observed_filesystem::link(from, to);
  }
};

} // namespace

TEST_CASE("of two commits at the same moment the second loses") {
  auto fs = std::make_shared<raced_filesystem>(make_memory_filesystem());
  model_store ours{fs, "m"}, theirs{fs, "m"};
  auto net = small_network();
  REQUIRE(ours.claim_epoch());
  auto a = write_parts(ours, 1, net, deal(net, 2));
  auto b = write_parts(theirs, 1, net, deal(net, 3));
  REQUIRE(a);
  REQUIRE(b);
  fs->before_link = [&] { CHECK(theirs.commit(*b)); };
  auto lost = ours.commit(*a);
  REQUIRE_FALSE(lost);
  CHECK(says(lost.error(), "another coordinator committed generation 1 first"));
  auto newest = ours.open(choice::newest);
  REQUIRE(newest);
  CHECK(newest->parts.parts.size() == 3);
  CHECK(reads_whole(ours, *newest));
}

TEST_CASE("of many coordinators that race for a generation one wins") {
  constexpr int rivals = 4;
  scratch_folder scratch;
  auto net = small_network();
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    REQUIRE(model_store(fs, folder).claim_epoch());
    std::vector<manifest> candidates;
    for (int i = 0; i < rivals; ++i) {
      model_store store{fs, folder};
      candidates.push_back(*write_parts(store, 1, net, deal(net, 2)));
    }
    std::atomic<int> won = 0;
    std::vector<std::thread> threads;
    for (auto& candidate : candidates)
      threads.emplace_back([&] {
        model_store store{fs, folder};
        won += store.commit(candidate) ? 1 : 0;
      });
    for (auto& thread : threads)
      thread.join();
    CHECK(won == 1);
    model_store store{fs, folder};
    CHECK(*store.generations() == std::vector<uint64_t>{1});
    CHECK(reads_whole(store, *store.open(choice::newest)));
  }
}

TEST_CASE("two coordinators that race 1,000 times make one chain") {
  constexpr int races = 1000 / stride;
  auto net = small_network();
  auto fs = make_memory_filesystem();
  REQUIRE(model_store(fs, "m").claim_epoch());
  std::atomic<int> won = 0;
  auto coordinate = [&] {
    model_store mine{fs, "m"};
    for (int i = 0; i < races; ++i)
      if (auto next = write_parts(mine, 1, net, deal(net, 1)))
        won += mine.commit(*next) ? 1 : 0;
  };
  std::thread rival{coordinate};
  coordinate();
  rival.join();
  model_store store{fs, "m"};
  auto all = *store.generations();
  CHECK(std::ssize(all) == won);
  CHECK(won >= races); // Whoever loses loses to the other.
  digest parent{};
  for (uint64_t i = 0; i < all.size(); ++i) {
    REQUIRE(all[i] == i + 1);
    REQUIRE(store.open(i + 1)->parent == parent);
    parent = digest_of(read_file(*fs, fmt::format("m/manifest.{:06}", i + 1)));
  }
  CHECK(reads_whole(store, *store.open(choice::newest)));
}

TEST_CASE("of many coordinators that claim an epoch each gets its own") {
  constexpr int rivals = 4;
  scratch_folder scratch;
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    std::vector<uint64_t> claimed(rivals);
    std::vector<std::thread> threads;
    for (auto& epoch : claimed)
      threads.emplace_back([&] {
        model_store store{fs, folder};
        if (auto mine = store.claim_epoch())
          epoch = *mine;
      });
    for (auto& thread : threads)
      thread.join();
    std::sort(claimed.begin(), claimed.end());
    CHECK(claimed == std::vector<uint64_t>{1, 2, 3, 4});
  }
}

TEST_CASE("a folder that cannot be written is named with the reason") {
  scratch_folder scratch;
  auto fs = make_posix_filesystem();
  replace_file(*fs, scratch / "file", {});
  model_store store{fs, scratch / "file/model"};
  auto err = store.claim_epoch().error();
  CHECK(code_of(err) == ec::store_unwritable);
  CHECK(says(err, scratch / "file"
                      + ": cannot create this folder: Not a "
                        "directory"));
}

TEST_CASE("an owner does not hide that the shared storage is not mounted") {
  scratch_folder scratch;
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    model_store store{fs, folder};
    auto net = small_network();
    auto written =
        store.write_slices(1, 1, "n1", groups_of(net, deal(net, 1).parts[0]));
    REQUIRE_FALSE(written);
    CHECK(code_of(written.error()) == ec::store_unwritable);
    CHECK(says(written.error(), "not there on node n1; mount"));
    CHECK_FALSE(fs->exists(folder));
  }
}

TEST_CASE("a folder that was removed or replaced takes no commit") {
  auto net = small_network();
  auto parts = deal(net, 2);
  for (auto replaced : {false, true}) {
    scratch_folder scratch;
    for (auto& where : both_filesystems(scratch)) {
      CAPTURE(where.name);
      auto& fs = where.fs;
      auto& folder = where.folder;
      model_store store{fs, folder};
      auto epoch = store.claim_epoch();
      REQUIRE(epoch);
      REQUIRE(commit_model(store, *epoch, net, parts));
      CHECK(*store.check_claim() == *epoch);
      auto next = write_parts(store, *epoch, net, parts);
      REQUIRE(next);
      REQUIRE_FALSE(fs->remove(in_folder(folder, epoch_file(*epoch))));
      model_store other{fs, folder};
      if (replaced)
        REQUIRE(*other.claim_epoch() == *epoch);
      auto err = store.commit(*next).error();
      CHECK(code_of(err) == ec::store_missing);
      CHECK(says(err, folder + ": is not the folder of this run"));
      CHECK(says(err, "it was removed or replaced while the run went on"));
      CHECK(says(err, replaced ? "its epoch 1 is another's" : "epoch.1: "));
      CHECK(store.generations()->size() == 1);
      CHECK(code_of(store.check_claim().error()) == ec::store_missing);
    }
  }
}
