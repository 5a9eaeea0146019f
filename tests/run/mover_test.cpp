#include "nnactor/run/mover.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

/// Writes down what a move does to a run; the test says what comes of it.
struct watched_mover {
  watched_mover()
      : it({.commit = [this](commit_waiter x) { saving = x; },
            .set_up =
                [this](const rearrangement&, auto none, auto& who) {
                  unclaimed = none;
                  setting_up = who;
                },
            .disturbed = [this] { end = "disturbed"; },
            .moved = [this](moving, auto&) { end = "moved"; },
            .refused = [this](moving, auto&) { end = "refused"; },
            .called_off = [this](moving, auto&) { end = "called off"; },
            .failed = [this](auto&) { end = "failed"; }}) {
  }

  void begin(command_kind kind) {
    command what;
    what.kind = kind;
    it.begin({{what, reply{[this](const caf::error&) { told = true; }}}});
  }

  std::optional<commit_waiter> saving;
  std::function<void(const caf::error&)> unclaimed;
  std::optional<redeployed> setting_up;
  std::string end;
  bool told = false; ///< That it will not be.
  mover it;
};

const caf::error gone = fail(ec::node_lost, "gone");
const caf::error broken = fail(ec::device_failure, "broken");

} // namespace

TEST_CASE("a move is saved, then set up, then done") {
  watched_mover x;
  x.begin(command_kind::move_group);
  REQUIRE(x.saving);
  CHECK(!x.setting_up);
  x.saving->then();
  REQUIRE(x.setting_up);
  x.setting_up->then(nullptr);
  CHECK(x.end == "moved");
}

TEST_CASE("as long as nothing has changed a move that fails is refused") {
  watched_mover x;
  x.begin(command_kind::move_group);
  SUBCASE("without a generation") {
    x.saving->otherwise(broken);
  }
  SUBCASE("without an epoch") {
    x.saving->then();
    x.unclaimed(gone);
  }
  CHECK(x.end == "refused");
}

TEST_CASE("what fails after that is called off if others can go on") {
  watched_mover x;
  SUBCASE("a node is lost") {
    x.begin(command_kind::move_group);
    x.saving->then();
    x.setting_up->otherwise(gone);
    CHECK(x.end == "called off");
  }
  SUBCASE("a newcomer cannot be set up") {
    x.begin(command_kind::join);
    x.saving->then();
    x.setting_up->otherwise(broken);
    CHECK(x.end == "called off");
  }
  SUBCASE("else it ends the run") {
    x.begin(command_kind::leave);
    x.saving->then();
    x.setting_up->otherwise(broken);
    CHECK(x.end == "failed");
  }
}

TEST_CASE("a move that was dropped does nothing any more") {
  watched_mover x;
  x.begin(command_kind::join);
  SUBCASE("when it is saved") {
    x.it.drop(gone);
    x.saving->then();
    CHECK(!x.setting_up);
  }
  SUBCASE("when it is not") {
    x.it.drop(gone);
    x.saving->otherwise(gone);
  }
  SUBCASE("when there is no epoch") {
    x.saving->then();
    x.it.drop(gone);
    x.unclaimed(gone);
  }
  SUBCASE("when it is set up") {
    x.saving->then();
    x.it.drop(gone);
    x.setting_up->then(nullptr);
  }
  SUBCASE("when it cannot be set up") {
    x.saving->then();
    x.it.drop(gone);
    x.setting_up->otherwise(gone);
  }
  CHECK(x.told);
  CHECK(x.end.empty());
  // Nothing is under way.
  x.it.drop(gone);
}
