#include "nnactor/cluster/node.hpp"

#include "nnactor/cluster/gate.hpp"
#include "nnactor/cluster/persistence.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/machine/memory_use.hpp"

#include <set>

namespace nnactor {

void node_state::init(pointer parent, node_settings how) {
  self = parent;
  settings = std::move(how);
  gate = self->spawn<caf::linked>(run_gate);
  persistence = settings.own_threads
                    ? spawn_persistence(self->system(), settings.fs,
                                        settings.store, std::string{})
                    : self->system().spawn(run_persistence, settings.fs,
                                           settings.store, std::string{});
  watch_end_of(persistence.address(), "the store " + settings.store);
  self->link_to(persistence);
  open_devices();
  self->set_exit_handler([this](caf::exit_msg& msg) { on_exit(msg); });
  self->set_down_handler([this](caf::down_msg& msg) { on_down(msg); });
}

// The first to watch is the last to be told: by then the child's thread has
// nothing left to do for which it would need the system of actors.
void node_state::watch_end_of(const caf::actor_addr& child,
                              const std::string& name) {
  self->monitor(child);
  children.emplace(child, name);
}

void node_state::on_exit(const caf::exit_msg& what) {
  if (end_reason)
    return;
  end_reason = what.reason;
  leave();
  for (auto& [child, name] : children)
    self->send_exit(child, what.reason);
  end_if_alone();
}

void node_state::end_if_alone() {
  if (!end_reason)
    return;
  std::set<std::string> names;
  for (auto& [child, name] : children)
    names.insert(name);
  if (settings.ending)
    settings.ending(fmt::format("{}", fmt::join(names, " and ")));
  if (children.empty())
    self->quit(*end_reason);
}

void node_state::on_down(const caf::down_msg& what) {
  if (children.erase(what.source) > 0)
    return end_if_alone();
  if (!job)
    return;
  if (what.source == job->driver.address())
    return leave();
  for (auto& [index, peer] : peers)
    if (what.source == peer.address())
      self->send(job->driver, lost_atom::value, job->plan->epoch, index);
}

// -- joining a cluster --------------------------------------------------------

caf::result<node_info> node_state::hello(const std::string& version) {
  if (version != protocol_version)
    return fail(ec::protocol_violation,
                "this node speaks {}, the caller {}; use the same version of "
                "nnactor on every machine",
                protocol_version, version);
  auto now = info;
  now.free_memory = free_memory();
  now.used_memory = used_memory();
  return now;
}

void node_state::enter(uint64_t next) {
  if (next == epoch)
    return;
  epoch = next;
  peers.clear();
}

caf::result<uint64_t>
node_state::join(uint64_t next, node_index me,
                 const std::vector<std::string>& addresses) {
  auto caller = caf::actor_cast<caf::actor_addr>(self->current_sender());
  // Only the distributor that a job came from may arrange its nodes anew.
  if (job && (caller != joined_by || next <= job->plan->epoch))
    return fail(ec::unreachable, "is busy with another job (epoch {})",
                job->plan->epoch);
  joined_by = caller;
  enter(next);
  auto promise = self->make_response_promise<uint64_t>();
  auto missing = std::make_shared<size_t>(0);
  auto arrived = [promise, missing, next]() mutable {
    if (--*missing == 0)
      promise.deliver(next);
  };
  auto failed = [promise](const std::string& address, caf::error why) mutable {
    promise.deliver(within(address, why));
  };
  for (node_index i = 0; i < addresses.size(); ++i) {
    if (addresses[i].empty())
      continue;
    ++*missing;
    auto address = addresses[i];
    auto timeout = static_cast<uint32_t>(
        std::chrono::milliseconds{defaults::dial_timeout}.count());
    self->request(settings.dialer, 2 * defaults::dial_timeout, dial_atom::value,
                  address, timeout)
        .then(
            [=, this](const node_actor& peer) mutable {
              self->request(peer, defaults::dial_timeout, peer_atom::value,
                            next, me, gate)
                  .then(
                      [=, this](const gate_actor& theirs) mutable {
                        if (epoch == next)
                          peers[i] = theirs;
                        arrived();
                      },
                      [=](const caf::error& why) mutable {
                        failed(address, why);
                      });
            },
            [=](const caf::error& why) mutable { failed(address, why); });
  }
  if (*missing == 0)
    promise.deliver(next);
  return promise;
}

caf::result<gate_actor> node_state::meet(uint64_t next, node_index index,
                                         const gate_actor& theirs) {
  if (job && next <= job->plan->epoch)
    return fail(ec::unreachable, "is busy with another job (epoch {})",
                job->plan->epoch);
  enter(next);
  peers[index] = theirs;
  return gate;
}

node_actor::behavior_type run_node(node_state::pointer self,
                                   node_settings how) {
  auto& st = self->state;
  st.init(self, std::move(how));
  return {
      [&st](hello_atom, const std::string& version) {
        return st.hello(version);
      },
      [&st](join_atom, uint64_t epoch, node_index me,
            const std::vector<std::string>& addresses) {
        return st.join(epoch, me, addresses);
      },
      [&st](peer_atom, uint64_t epoch, node_index index,
            const gate_actor& theirs) { return st.meet(epoch, index, theirs); },
      [&st](deploy_atom, const std::vector<char>& bytes,
            const driver_actor& driver) { return st.deploy(bytes, driver); },
      [&st](update_atom, uint64_t epoch, uint64_t step, uint32_t scale) {
        if (st.works_for(epoch))
          st.update_all(step, scale);
      },
      [&st](round_atom, uint64_t epoch, uint32_t number,
            const token_round& what) {
        if (st.works_for(epoch))
          st.on_round(number, what);
      },
      [&st](save_atom, uint64_t epoch, uint64_t generation, uint64_t step) {
        return st.save_all(epoch, generation, step);
      },
      [&st](traffic_atom) { return st.traffic->load(); },
      [](probe_atom, const tensor_piece& what) {
        return uint64_t{what.bytes.size()};
      },
      [&st](status_atom, uint64_t epoch) { return st.status(epoch); },
      [&st](peek_atom, uint64_t epoch, group_id group, neuron_id neuron,
            bool as_source) {
        return st.peek(epoch, group, neuron, as_source);
      },
      [&st](command_atom, const std::string& line) {
        return st.forward_command(line);
      },
      [&st](look_atom, const std::string& model, const std::string& file) {
        return st.look(model, file);
      },
      [&st](leave_atom, uint64_t epoch) {
        if (st.works_for(epoch))
          st.leave();
      },
      [&st](kill_atom, uint64_t epoch) {
        if (st.works_for(epoch) && st.settings.end_process)
          st.settings.end_process();
      },
  };
}

} // namespace nnactor
