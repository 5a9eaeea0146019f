#include "nnactor/cluster/decoding_limits.hpp"

#include "nnactor/cluster/frame_rules.hpp"
#include "nnactor/cluster/next_function.hpp"

#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>

namespace nnactor {

namespace {

thread_local const caf::node_id* speaker = nullptr;

// A message in an error in a message.
constexpr int deepest_message = 2;
thread_local int message_depth = 0;

struct deeper_message {
  deeper_message() {
    ++message_depth;
  }
  ~deeper_message() {
    --message_depth;
  }
};

} // namespace

void limit_decoding() {
}

speaking::speaking(const caf::node_id& who) {
  speaker = &who;
}

speaking::~speaking() {
  speaker = nullptr;
}

} // namespace nnactor

namespace caf {

error binary_deserializer::begin_sequence(size_t& size) {
  // Seven bits a byte, the lowest first; the last byte has no highest bit.
  uint32_t value = 0;
  uint8_t byte = 0x80;
  for (int shift = 0; byte >= 0x80; shift += 7) {
    if (shift > 28)
      return sec::end_of_stream;
    if (auto err = apply_impl(byte))
      return err;
    value |= static_cast<uint32_t>(byte & 0x7F) << shift;
  }
  // An element takes a byte at least.
  if (value > remaining())
    return sec::end_of_stream;
  size = value;
  return none;
}

error message::load(deserializer& source) {
  using function = error (*)(message*, deserializer&);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf7message4loadERNS_12deserializerE");
  if (nnactor::message_depth == nnactor::deepest_message)
    return sec::unknown_type;
  nnactor::deeper_message guard;
  return next(this, source);
}

type_erased_value_ptr
uniform_type_info_map::make_value(const std::string& name) const {
  using function = type_erased_value_ptr (*)(const uniform_type_info_map*,
                                             const std::string&);
  static auto next = nnactor::next_function<function>(
      "_ZNK3caf21uniform_type_info_map10make_valueERKNSt7__cxx1112basic_"
      "stringIcSt11char_traitsIcESaIcEEE");
  return nnactor::acceptable_type(name) ? next(this, name) : nullptr;
}

error load_actor(strong_actor_ptr& storage, execution_unit* context,
                 actor_id id, const node_id& node) {
  using function =
      error (*)(strong_actor_ptr&, execution_unit*, actor_id, const node_id&);
  static auto next = nnactor::next_function<function>(
      "_ZN3caf10load_actorERNS_13intrusive_ptrINS_19actor_control_blockEEEPNS_"
      "14execution_unitEmRKNS_7node_idE");
  auto* speaker = nnactor::speaker;
  if (speaker != nullptr && context != nullptr && node != *speaker
      && node != context->system().node())
    return sec::no_proxy_registry;
  return next(storage, context, id, node);
}

error node_id::deserialize(deserializer& source) {
  // Names that are addresses (URIs) would have to be parsed.
  auto kind = atom("");
  if (auto err = source(kind))
    return err;
  data_.reset();
  if (kind == atom(""))
    return none;
  if (kind != default_data::class_id)
    return sec::unknown_type;
  auto name = make_counted<default_data>();
  if (auto err = name->deserialize(source))
    return err;
  if (name->valid())
    data_ = std::move(name);
  return none;
}

result<message> print_and_drop(scheduled_actor*, message_view&) {
  return sec::unexpected_message;
}

} // namespace caf
