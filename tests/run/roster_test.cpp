#include "nnactor/run/roster.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

const std::vector<server> three = {
    {"a:1", "", 1}, {"b:1", "", 2}, {"c:1", "", 3}, {"driver", "", 0}};

std::string refusal(const roster& all, const node_name& whom) {
  auto found = all.find(whom);
  return found ? "" : explain(found.error());
}

} // namespace

TEST_CASE("a number never means another node") {
  roster all;
  all.serve(three);
  CHECK(all.number_of("b:1") == 2);
  all.lose("b:1", 800);
  all.let_go("c:1", 900);
  CHECK(all.number_of("d:1") == 4);
  all.serve({{"a:1", "", 1}, {"d:1", "", 4}, {"driver", "", 0}});
  CHECK(*all.find({4, ""}) == 4);
  CHECK(*all.find({0, "d:1"}) == 4);
  CHECK(refusal(all, {2, ""}) == "node 2 (b:1) was lost at step 800");
  CHECK(refusal(all, {0, "b:1"}) == "node 2 (b:1) was lost at step 800");
  CHECK(refusal(all, {3, ""}) == "node 3 (c:1) left at step 900");
  CHECK(refusal(all, {7, ""})
        == "there is no node 7; the job has 1 (a:1), 4 (d:1)");
  CHECK(refusal(all, {0, "x:1"})
        == "there is no node x:1; the job has 1 (a:1), 4 (d:1)");
  CHECK(all.absent().size() == 2);
}

TEST_CASE("a node that comes back has its number again") {
  roster all;
  all.serve(three);
  all.lose("b:1", 5);
  CHECK(all.number_of("b:1") == 2);
  all.serve({{"b:1", "", 2}});
  CHECK(*all.find({2, ""}) == 2);
  CHECK(all.absent().empty());
}
