#include "store/fixture.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

std::vector<std::byte> bytes(const char* text) {
  auto view = std::as_bytes(std::span{std::string_view{text}});
  return {view.begin(), view.end()};
}

} // namespace

TEST_CASE("both filesystems follow the same rules") {
  scratch_folder scratch;
  for (auto& where : both_filesystems(scratch)) {
    CAPTURE(where.name);
    auto& fs = where.fs;
    auto& folder = where.folder;
    auto a = folder + "/a", b = folder + "/b";

    CHECK(code_of(fs->create(a).error()) == ec::store_unwritable);
    CHECK(code_of(fs->list(folder).error()) == ec::store_missing);
    CHECK(code_of(fs->sync_folder(folder)) == ec::store_unwritable);
    CHECK_FALSE(fs->make_folder(folder));
    CHECK_FALSE(fs->make_folder(folder + "/"));
    CHECK(fs->exists(folder));
    CHECK(fs->list(folder)->empty());

    // A file exists from its creation on, and is created once.
    {
      auto file = fs->create(a);
      REQUIRE(file);
      CHECK_FALSE((*file)->append(bytes("hello ")));
      CHECK_FALSE((*file)->append({}));
      CHECK_FALSE((*file)->append(bytes("world")));
      CHECK_FALSE((*file)->finish());
    }
    CHECK(code_of(fs->create(a).error()) == ec::store_unwritable);
    CHECK(read_file(*fs, a) == bytes("hello world"));

    // Reading gives what was asked for or fails.
    std::vector<std::byte> five(5);
    CHECK_FALSE(fs->read(a, 6, five));
    CHECK(five == bytes("world"));
    CHECK(code_of(fs->read(a, 7, five)) == ec::store_corrupt);
    CHECK(code_of(fs->read(a, 700, five)) == ec::store_corrupt);
    CHECK(code_of(fs->read(b, 0, five)) == ec::store_missing);
    CHECK(code_of(fs->size(b).error()) == ec::store_missing);
    CHECK(fs->size(a) == 11u);

    // The second name can be taken once, and outlives the first.
    CHECK(*fs->link(a, b));
    CHECK_FALSE(*fs->link(a, b));
    CHECK(code_of(fs->link(folder + "/none", folder + "/c").error())
          == ec::store_unwritable);
    CHECK(*fs->list(folder) == std::vector<std::string>{"a", "b"});
    CHECK_FALSE(fs->remove(a));
    CHECK(code_of(fs->remove(a)) == ec::store_unwritable);
    CHECK(read_file(*fs, b) == bytes("hello world"));

    // The time of a file goes on when it is touched, as far as the system's
    // ticks show, and only then.
    auto made = fs->modified(b);
    CHECK_FALSE(fs->touch(b));
    auto touched = fs->modified(b);
    CHECK(*made <= *touched);
    CHECK(*fs->modified(b) == *touched);
    CHECK(code_of(fs->touch(a)) == ec::store_unwritable);
    CHECK(code_of(fs->modified(a).error()) == ec::store_missing);

    // Folders go only when they are empty, and never replace files.
    CHECK_FALSE(fs->make_folder(folder + "/sub/deep"));
    CHECK(*fs->list(folder) == std::vector<std::string>{"b", "sub"});
    CHECK(fs->remove_folder(folder + "/sub"));
    CHECK(fs->remove_folder(folder));
    CHECK_FALSE(fs->remove_folder(folder + "/sub/deep"));
    CHECK_FALSE(fs->remove_folder(folder + "/sub"));
    CHECK(code_of(fs->make_folder(b)) == ec::store_unwritable);
    CHECK(code_of(fs->make_folder(b + "/below")) == ec::store_unwritable);
    CHECK(code_of(fs->create(b + "/below").error()) == ec::store_unwritable);
    CHECK_FALSE(fs->sync_folder(folder));
  }
}

TEST_CASE("an error names the path, the reason, and what to do") {
  scratch_folder scratch;
  auto fs = make_posix_filesystem();
  REQUIRE_FALSE(fs->make_folder(scratch / "m"));
  replace_file(*fs, scratch / "file", {});
  auto err = fs->make_folder(scratch / "file/model");
  CHECK(explain(err)
        == (scratch / "file")
               + ": cannot create this folder: Not a directory; a part of this "
                 "path is a file, choose another folder");
}

TEST_CASE("a power loss takes what was not synced") {
  memory_filesystem fs;
  REQUIRE_FALSE(fs.make_folder("m"));
  replace_file(fs, "m/kept", bytes("kept"));
  {
    auto unfinished = fs.create("m/unfinished");
    REQUIRE(unfinished);
    REQUIRE_FALSE((*unfinished)->append(bytes("lost")));
  }
  REQUIRE_FALSE(fs.sync_folder("m"));
  replace_file(fs, "m/unnamed", bytes("lost"));
  REQUIRE_FALSE(fs.remove("m/kept"));
  fs.power_loss();
  CHECK(*fs.list("m") == std::vector<std::string>{"kept", "unfinished"});
  CHECK(read_file(fs, "m/kept") == bytes("kept"));
  CHECK(read_file(fs, "m/unfinished").empty());
}
