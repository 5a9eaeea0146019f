#include "nnactor/store/memory_filesystem.hpp"
#include "nnactor/store/names.hpp"
#include "nnactor/store/run_lease.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

using namespace nnactor;
using std::chrono::milliseconds;

namespace {

/// A folder with what a run has written down, and time that passes at once.
struct watched_folder {
  std::shared_ptr<memory_filesystem> fs = std::make_shared<memory_filesystem>();
  milliseconds waited{0};
  std::function<void()> meanwhile = [] {};

  watched_folder() {
    REQUIRE(!fs->make_folder("m"));
  }

  void write(uint64_t epoch, const std::string& text) {
    auto file = fs->create(in_folder("m", run_file(epoch)));
    REQUIRE(file);
    REQUIRE(!(*file)->append(std::as_bytes(std::span{text})));
    REQUIRE(!(*file)->finish());
  }

  void write(uint64_t epoch, const run_owner& who) {
    write(epoch, fmt::format("{}\n{}\n{}\n{}\n", who.host, who.process,
                             who.machine, who.began));
  }

  std::optional<run_owner> find() {
    return find_live_run(*fs, "m", [this](milliseconds time) {
      waited += time;
      meanwhile();
    });
  }
};

run_owner of_another_machine() {
  auto who = this_process();
  who.host = "elsewhere";
  who.machine = "another boot";
  return who;
}

/// The number of a process that has ended.
uint64_t ended_process() {
  auto id = fork();
  if (id == 0)
    _exit(0);
  waitpid(id, nullptr, 0);
  return static_cast<uint64_t>(id);
}

} // namespace

TEST_CASE("whoever holds a model is found, until the end of the holding") {
  watched_folder x;
  CHECK(!x.find());
  {
    auto held = run_lease::hold(x.fs, "m", 3);
    REQUIRE(held);
    auto found = x.find();
    REQUIRE(found);
    CHECK(found->process == static_cast<uint64_t>(getpid()));
    CHECK(found->host == this_process().host);
    CHECK(x.waited == milliseconds{0});
  }
  CHECK(!x.find());
  CHECK(!x.fs->exists("m/run.3"));
}

TEST_CASE("holding a model removes what earlier runs left, and no more") {
  watched_folder x;
  x.write(1, "x");
  x.write(9, "y");
  auto held = run_lease::hold(x.fs, "m", 4);
  REQUIRE(held);
  CHECK(*x.fs->list("m") == std::vector<std::string>{"run.4", "run.9"});
}

TEST_CASE("a dead process of this machine is known to be dead at once") {
  watched_folder x;
  auto who = this_process();
  SUBCASE("it has ended") {
    who.process = ended_process();
  }
  SUBCASE("another one has its number") {
    ++who.began;
  }
  x.write(1, who);
  CHECK(!x.find());
  CHECK(x.waited == milliseconds{0});
}

TEST_CASE("a process that ended without being asked how is dead") {
  watched_folder x;
  auto id = fork();
  if (id == 0)
    _exit(0);
  siginfo_t info;
  REQUIRE(waitid(P_PID, static_cast<id_t>(id), &info, WEXITED | WNOWAIT) == 0);
  auto who = this_process();
  who.process = static_cast<uint64_t>(id);
  x.write(1, who);
  CHECK(!x.find());
  waitpid(id, nullptr, 0);
}

TEST_CASE("a run on another machine lives as long as its file's time goes on") {
  watched_folder x;
  x.write(1, of_another_machine());
  x.write(2, of_another_machine());
  SUBCASE("the newest counts") {
    x.meanwhile = [&x] { CHECK(!x.fs->touch("m/run.1")); };
    CHECK(!x.find());
    CHECK(x.waited == run_lease::patience);
  }
  SUBCASE("alive") {
    x.meanwhile = [&x] {
      if (x.waited == milliseconds{1000})
        CHECK(!x.fs->touch("m/run.2"));
    };
    auto found = x.find();
    REQUIRE(found);
    CHECK(found->host == "elsewhere");
    CHECK(x.waited == milliseconds{1000});
  }
  SUBCASE("ended meanwhile") {
    x.meanwhile = [&x] { CHECK(!x.fs->remove("m/run.2")); };
    CHECK(!x.find());
    CHECK(x.waited < milliseconds{1000});
  }
}

TEST_CASE("what cannot be understood is watched like the run of a stranger") {
  for (std::string text : {"", "host\n", "host\n12\nmachine\n", "\xff\n-1\n"}) {
    CAPTURE(text);
    watched_folder x;
    x.write(5, text);
    CHECK(!x.find());
    CHECK(x.waited == run_lease::patience);
    x.meanwhile = [&x] { CHECK(!x.fs->touch("m/run.5")); };
    auto found = x.find();
    REQUIRE(found);
    CHECK(found->process == 0);
  }
}
