#include "nnactor/cluster/decoding_limits.hpp"

#include "hostile/frames.hpp"
#include "support/actors.hpp"

#include <caf/binary_deserializer.hpp>

#include <doctest/doctest.h>

using namespace nnactor;
using test::payload_writer;

namespace {

/// The message that CAF makes of these bytes; nothing if they are none.
std::optional<caf::message> decoded(const payload_writer& what) {
  test::actor_world world;
  caf::scoped_execution_unit context{&world.system()};
  caf::binary_deserializer source{&context, what.bytes().data(),
                                  what.bytes().size()};
  caf::message out;
  if (out.load(source))
    return std::nullopt;
  return out;
}

bool decodes(const payload_writer& what) {
  return decoded(what).has_value();
}

payload_writer errors(int depth) {
  payload_writer out;
  out.message("@error");
  for (int i = 1; i < depth; ++i)
    out.number(1, 1).atom("nnactor").message("@error");
  return out.number(1, 1).atom("nnactor").message("@str").text("why");
}

} // namespace

TEST_CASE("a length takes no memory beyond what has come") {
  limit_decoding();
  auto bytes = std::string(100, 'x');
  CHECK(decodes(payload_writer{}.message("@charbuf").text(bytes)));
  for (uint32_t length : {101u, 1u << 20, 0xFFFFFFFFu})
    for (auto* type : {"@charbuf", "@str", "@strvec"})
      CHECK(!decodes(payload_writer{}.message(type).size(length).raw(bytes)));
  CHECK(!decodes(
      payload_writer{}.message("@charbuf").raw(std::string(100, '\xFF'))));
}

TEST_CASE("errors tell, but do not nest") {
  auto why = decoded(errors(1));
  REQUIRE(why);
  CHECK(why->get_as<caf::error>(0).context().get_as<std::string>(0) == "why");
  for (int depth : {2, 100000}) {
    auto nested = decoded(errors(depth));
    REQUIRE(nested);
    auto inner = nested->get_as<caf::error>(0).context();
    REQUIRE(inner.match_elements<caf::error>());
    CHECK(inner.get_as<caf::error>(0).context().empty());
  }
}

TEST_CASE("messages of other types are none") {
  CHECK(decodes(payload_writer{}.message("@atom+@u64").atom("x").number(1)));
  CHECK(decodes(payload_writer{}.message("")));
  CHECK(!decodes(payload_writer{}.message("@message").message("")));
  CHECK(!decodes(payload_writer{}.message("double").number(0)));
}
