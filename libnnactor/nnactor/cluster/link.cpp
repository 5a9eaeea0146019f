#include "nnactor/cluster/link.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/machine/trace.hpp"
#include "nnactor/tensor/bfloat16.hpp"

namespace nnactor {

namespace {

void send_what_credit_allows(link_actor::stateful_pointer<link_state> self) {
  auto& st = self->state;
  while (!st.queue.empty()) {
    auto size = st.queue.front().bytes.size();
    if (st.under_way > 0 && st.under_way + size > defaults::link_window_bytes)
      return;
    st.under_way += size;
    *st.traffic += size;
    self->send(st.gate, std::move(st.queue.front()));
    st.queue.pop_front();
  }
}

} // namespace

link_actor::behavior_type
run_link(link_actor::stateful_pointer<link_state> self, gate_actor gate,
         traffic_counter traffic, bool narrows) {
  self->state.gate = std::move(gate);
  self->state.traffic = std::move(traffic);
  self->state.narrows = narrows;
  return {
      [self](const tensor_message& what) {
        auto& st = self->state;
        trace::span here{trace::activity::sending, "send", what.key.producer};
        // Not all is rounded: summaries of a softmax are not.
        auto small = st.narrows && what.value.type() == dtype::f32
                     && is_narrow(what.value);
        auto sent =
            tensor_message{what.key, small ? narrow(what.value) : what.value};
        for (auto& piece : cut(sent, defaults::piece_bytes))
          st.queue.push_back(std::move(piece));
        send_what_credit_allows(self);
      },
      [self](credit_atom, uint64_t bytes) {
        auto& st = self->state;
        st.under_way -= std::min(bytes, st.under_way);
        send_what_credit_allows(self);
      },
  };
}

std::vector<tensor_piece> cut(const tensor_message& what, size_t limit) {
  std::vector<tensor_piece> result;
  auto& bytes = what.value.bytes();
  size_t offset = 0;
  do {
    auto size = std::min(limit, bytes.size() - offset);
    result.push_back({what.key, what.value.type(), what.value.extent(), offset,
                      bytes.part(offset, size)});
    offset += size;
  } while (offset < bytes.size());
  return result;
}

} // namespace nnactor
