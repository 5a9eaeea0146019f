#pragma once

#include <caf/io/basp_broker.hpp>

namespace nnactor {

/// A frame of CAF's protocol as it arrives, first its header, then, if there is
/// one, its payload. CAF has those that an honest peer may send; others end the
/// connection.
class received_frame {
public:
  using connection_state = caf::io::basp::connection_state;
  using header = caf::io::basp::header;

  received_frame(caf::io::basp::instance& protocol,
                 caf::io::basp_broker& broker, caf::execution_unit* context,
                 caf::io::new_data_msg& data);

  /// Decodes the header and says what comes next.
  connection_state take_header(header& into);

  connection_state take_payload(header& of);

private:
  enum class verdict { pass, drop, refuse };

  verdict judge(const header& of) const;
  verdict judge_name() const;
  verdict judge_message(const header& of) const;

  /// The node that a payload begins with; none if it begins with none.
  caf::node_id first_node() const;

  caf::io::basp::instance& protocol_;
  caf::io::basp_broker& broker_;
  caf::execution_unit* context_;
  caf::io::new_data_msg& data_;
  caf::node_id peer_; ///< None before it has introduced itself.
};

} // namespace nnactor
