#include "nnactor/cluster/gate.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/machine/trace.hpp"
#include "nnactor/tensor/bfloat16.hpp"

namespace nnactor {

namespace {

using gate_pointer = gate_actor::stateful_pointer<gate_state>;

// Credit goes back for every piece, also a refused one: the link counts bytes,
// not what became of them.
void return_credit(gate_pointer self, uint64_t bytes) {
  auto link = caf::actor_cast<link_actor>(self->current_sender());
  if (!link)
    return;
  auto& received = self->state.received[link.address()];
  received += bytes;
  if (received >= defaults::credit_bytes) {
    self->send(link, credit_atom::value, received);
    received = 0;
  }
}

void deliver(gate_pointer self, const tensor_message& what) {
  auto& routes = *self->state.routes;
  auto hand_to = [&](group_id id) {
    if (auto i = routes.groups.find(id); i != routes.groups.end())
      self->send(i->second, what);
  };
  if (what.key.way == direction::backward || what.key.consumer != 0)
    return hand_to(what.key.consumer);
  for (auto id : routes.table.readers_of(what.key.producer))
    hand_to(id);
}

} // namespace

gate_actor::behavior_type run_gate(gate_pointer self) {
  return {
      [self](const tensor_piece& piece) {
        auto& st = self->state;
        trace::span here{trace::activity::sending, "receive",
                         piece.key.producer};
        return_credit(self, piece.bytes.size());
        if (!st.routes || piece.key.work.epoch != st.routes->epoch)
          return;
        auto whole = st.pieces.add(piece);
        if (!whole)
          ++st.refused;
        else if (*whole)
          deliver(self, {piece.key, (*whole)->type() == dtype::bf16
                                        ? widen(**whole)
                                        : std::move(**whole)});
      },
      [self](const routing_ptr& routes) {
        auto& st = self->state;
        st.routes = routes;
        st.pieces =
            routes ? assembly{routes->max_columns, routes->links.size() + 1}
                   : assembly{};
        st.received.clear();
      },
  };
}

} // namespace nnactor
