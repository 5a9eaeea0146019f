#include "nnactor/cluster/received_frame.hpp"

#include "nnactor/cluster/decoding_limits.hpp"
#include "nnactor/cluster/frame_rules.hpp"
#include "nnactor/defaults.hpp"

#include <caf/binary_deserializer.hpp>

namespace nnactor {

using caf::io::basp::await_header;
using caf::io::basp::await_payload;
using caf::io::basp::connection_state;
using caf::io::basp::header;
using caf::io::basp::malformed_basp_message;
using caf::io::basp::message_type;

received_frame::received_frame(caf::io::basp::instance& protocol,
                               caf::io::basp_broker& broker,
                               caf::execution_unit* context,
                               caf::io::new_data_msg& data)
    : protocol_(protocol), broker_(broker), context_(context), data_(data),
      peer_(protocol.tbl().lookup_direct(data.handle)) {
}

connection_state received_frame::take_header(header& into) {
  caf::binary_deserializer source{context_, data_.buf};
  auto from = frame_origin{static_cast<bool>(peer_),
                           static_cast<bool>(broker_.this_context->callback)};
  if (source(into) || !acceptable(into, from))
    return malformed_basp_message;
  if (into.payload_len > 0)
    return await_payload;
  return protocol_.handle(context_, data_.handle, into, nullptr);
}

connection_state received_frame::take_payload(header& of) {
  auto what = judge(of);
  if (what != verdict::pass)
    return what == verdict::drop ? await_header : malformed_basp_message;
  speaking who{peer_};
  return protocol_.handle(context_, data_.handle, of, &data_.buf);
}

received_frame::verdict received_frame::judge(const header& of) const {
  if (data_.buf.size() != of.payload_len || data_.buf.empty())
    return verdict::refuse;
  switch (of.operation) {
  case message_type::client_handshake:
    return judge_name();
  case message_type::monitor_message:
  case message_type::down_message:
    return peer_ && first_node() == peer_ ? verdict::pass : verdict::refuse;
  case message_type::direct_message:
    return judge_message(of);
  case message_type::routed_message:
    return verdict::drop;
  default:
    return verdict::pass;
  }
}

received_frame::verdict received_frame::judge_name() const {
  auto name = first_node();
  if (!name || (peer_ && name != peer_))
    return verdict::refuse;
  // This node itself, which finds out at the other end.
  return name == protocol_.this_node() ? verdict::drop : verdict::pass;
}

received_frame::verdict received_frame::judge_message(const header& of) const {
  // Answers go to who asks, not on to others.
  if (!peer_ || data_.buf.front() != 0)
    return verdict::refuse;
  if (protocol_.proxies().count_proxies(peer_) > defaults::max_proxies)
    return verdict::refuse;
  if (broker_.get_buffer(data_.handle).size() > defaults::unread_bytes)
    return verdict::refuse;
  caf::binary_deserializer source{context_, data_.buf.data() + 1,
                                  data_.buf.size() - 1};
  uint16_t number = 0;
  std::string types;
  auto id = caf::make_message_id(of.operation_data);
  if (source.begin_object(number, types)
      || !acceptable_message(types, id.is_response()))
    return verdict::drop;
  // CAF's own servants, whom no node asks for anything.
  return of.has(header::named_receiver_flag) ? verdict::drop : verdict::pass;
}

caf::node_id received_frame::first_node() const {
  caf::node_id result;
  caf::binary_deserializer source{context_, data_.buf};
  if (source(result))
    return {};
  return result;
}

} // namespace nnactor
