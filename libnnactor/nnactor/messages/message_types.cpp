#include "nnactor/messages/message_types.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/messages/actors.hpp"

#include <caf/deserializer.hpp>
#include <caf/sec.hpp>
#include <caf/serializer.hpp>

namespace nnactor {

const char* const protocol_version = "nnactor-12";

std::string to_string(const work_id& work) {
  constexpr const char* phases[] = {"training", "validation", "inference",
                                    "writing"};
  auto out = fmt::format("{} step {} micro-batch {}",
                         phases[static_cast<size_t>(work.why) % 4], work.step,
                         work.micro_batch);
  if (work.time_step > 0)
    out += fmt::format(" time step {}", work.time_step);
  return out;
}

caf::error inspect(caf::serializer& sink, shared_bytes& x) {
  auto size = x.size();
  if (auto err = sink.begin_sequence(size))
    return err;
  // CAF's interface serves both ways; saving only reads.
  auto* data = const_cast<std::byte*>(x.data());
  if (size > 0)
    if (auto err = sink.apply_raw(size, data))
      return err;
  return sink.end_sequence();
}

caf::error inspect(caf::deserializer& source, shared_bytes& x) {
  size_t size = 0;
  if (auto err = source.begin_sequence(size))
    return err;
  // The length comes from a peer: refuse before allocating.
  if (size > defaults::piece_bytes)
    return caf::sec::invalid_argument;
  auto buffer = byte_buffer{size};
  if (size > 0)
    if (auto err = source.apply_raw(size, buffer.data()))
      return err;
  x = shared_bytes{std::move(buffer)};
  return source.end_sequence();
}

std::string to_string(const shared_bytes& x) {
  return fmt::format("{} bytes", x.size());
}

void add_message_types(caf::actor_system_config& config) {
  config.add_message_type<tensor_piece>("nnactor::tensor_piece")
      .add_message_type<token_round>("nnactor::token_round")
      .add_message_type<node_info>("nnactor::node_info")
      .add_message_type<node_report>("nnactor::node_report")
      .add_message_type<node_status>("nnactor::node_status")
      .add_message_type<control_actor>("nnactor::control_actor")
      .add_message_type<gate_actor>("nnactor::gate_actor")
      .add_message_type<driver_actor>("nnactor::driver_actor")
      .add_message_type<std::vector<std::string>>("std::vector<std::string>");
}

} // namespace nnactor
