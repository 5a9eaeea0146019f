#include "nnactor/run/generation_writer.hpp"

#include "nnactor/error.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using advice = generation_writer::advice;

namespace {

manifest of_step(uint64_t step) {
  manifest out;
  out.step = step;
  return out;
}

std::vector<slice> slice_of(neuron_id first) {
  slice out;
  out.parameter = "weight";
  out.neurons = neuron_set::range(first, first + 1);
  return {out};
}

/// Lets one node write a generation of a step.
void save(generation_writer& x, uint64_t step) {
  x.begin(of_step(step), 1, true);
  REQUIRE(x.add(0, slice_of(1)) == advice::commit);
  auto what = x.commit();
  x.committed({what->step, what->generation});
}

caf::error full() {
  return fail(ec::store_unwritable, "no room");
}

} // namespace

TEST_CASE("a generation is committed when it is whole and known to be sound") {
  generation_writer x{{}, 6, 2};
  SUBCASE("soundness is known first") {
    x.begin(of_step(10), 2, true);
    CHECK(x.add(1, slice_of(7)) == advice::wait);
    CHECK(x.missing() == node_index{0});
    CHECK(x.add(0, slice_of(3)) == advice::commit);
  }
  SUBCASE("a loss shows it while nodes write") {
    x.begin(of_step(10), 2, false);
    CHECK(x.add(1, slice_of(7)) == advice::wait);
    CHECK(x.verify_by(9) == advice::wait);
    CHECK(x.verify_by(10) == advice::wait);
    CHECK(x.add(0, slice_of(3)) == advice::commit);
  }
  SUBCASE("a loss shows it last") {
    x.begin(of_step(10), 2, false);
    CHECK(x.add(1, slice_of(7)) == advice::wait);
    CHECK(x.add(0, slice_of(3)) == advice::wait);
    CHECK(x.verify_by(9) == advice::wait);
    CHECK(x.verify_by(11) == advice::commit);
  }
  CHECK(!x.missing());
  auto what = x.commit();
  CHECK(what->generation == 7);
  REQUIRE(what->slices.size() == 2);
  CHECK(what->slices[0].neurons.id_at(0) == 3);
  CHECK(x.verify() == advice::wait);
  CHECK(x.is_under_way());
  x.committed({10, 7});
  CHECK(!x.is_under_way());
  CHECK(x.has(10));
  CHECK(x.last_good().generation == 7);
}

TEST_CASE("what is late, doubled or of nobody is not expected") {
  generation_writer x{{}, 0, 2};
  CHECK(!x.expects(1, 0));
  x.begin(of_step(10), 2, true);
  CHECK(x.expects(1, 0));
  CHECK(!x.expects(2, 0));
  CHECK(!x.expects(1, 2));
  x.add(0, slice_of(3));
  CHECK(!x.expects(1, 0));
}

TEST_CASE("what a node cannot write is given up once all have answered") {
  generation_writer x{{5, 3}, 3, 2};
  x.begin(of_step(10), 2, false);
  CHECK(x.fail(0, full()) == advice::wait);
  CHECK(x.add(1, slice_of(3)) == advice::give_up);
  CHECK(code_of(x.fault()) == ec::store_unwritable);
  x.give_up(x.fault());
  CHECK(!x.is_under_way());
  CHECK(code_of(x.failure()) == ec::store_unwritable);
  CHECK(!x.has(5));
  CHECK(x.last_good().step == 5);
  // The next has its number, and when it is saved all is well again.
  save(x, 20);
  CHECK(x.last_good().generation == 4);
  CHECK(!x.failure());
}

TEST_CASE("a lost node ends what is being written, not what is committed") {
  generation_writer x{{}, 0, 2};
  x.begin(of_step(10), 1, true);
  x.drop();
  CHECK(!x.is_under_way());
  CHECK(x.is_held());
  x.begin(of_step(10), 1, true);
  x.add(0, slice_of(3));
  CHECK(x.commit()->generation == 1);
  x.drop();
  CHECK(x.is_under_way());
}

TEST_CASE("all nodes hold a request before training goes on") {
  generation_writer x{{}, 0, 2};
  auto first = x.begin(of_step(10), 2, true);
  CHECK(!x.hold(first));
  // Written and committed before the other has answered.
  x.add(0, slice_of(3));
  x.add(1, slice_of(4));
  x.committed({10, x.commit()->generation});
  CHECK(!x.is_held());
  CHECK(x.hold(first));
  CHECK(x.is_held());
  // Another attempt, of which what nodes say of the first is no news.
  auto second = x.begin(of_step(20), 2, true);
  CHECK(!x.hold(first));
  CHECK(!x.hold(second));
  CHECK(!x.is_held());
  CHECK(x.hold(second));
  CHECK(!x.hold(second));
}

TEST_CASE("damaged generations are passed over as far as they are kept") {
  generation_writer x{{5, 3}, 3, 2};
  for (uint64_t step : {10, 20, 30})
    save(x, step);
  CHECK(x.last_good().generation == 6);
  CHECK(x.pass_over() == 6u);
  CHECK(x.last_good().step == 20);
  CHECK(x.pass_over() == 5u);
  // That of step 10 is not kept: all begins anew.
  CHECK(!x.pass_over());
  CHECK(x.last_good().step == 5);
  // No number is given twice.
  save(x, 10);
  CHECK(x.last_good().generation == 7);
}
