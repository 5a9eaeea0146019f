#include "nnactor/cluster/node.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/engine/peek.hpp"
#include "nnactor/machine/memory_use.hpp"

#include <cstring>

namespace nnactor {

void node_state::on_round(uint32_t number, const token_round& what) {
  const auto& plan = *job->plan;
  cache_limits limits{plan.train.pages, plan.net.context, defaults::round_rows};
  if (auto err = check(what, limits))
    return self->send(job->driver, failed_atom::value, plan.epoch,
                      std::move(err));
  auto rows = std::make_shared<const nnactor::round_rows>(what);
  for (auto& g : job->writers)
    self->send(g, round_atom::value, number, round_ptr{rows});
}

void node_state::update_all(uint64_t step, uint32_t scale) {
  for (auto& g : job->actors)
    self->send(g, update_atom::value, step, scale);
}

caf::result<uint64_t> node_state::save_all(uint64_t of_epoch,
                                           uint64_t generation, uint64_t step) {
  if (!works_for(of_epoch))
    return fail(ec::protocol_violation, "does not work for epoch {}", of_epoch);
  self->send(persistence, save_atom::value, generation, job->savers,
             job->driver);
  for (auto& g : job->actors)
    self->send(g, save_atom::value, generation, step);
  return generation;
}

// A group that does not answer in time is computing: it waits for nobody.
caf::result<node_status> node_state::status(uint64_t of_epoch) {
  if (!works_for(of_epoch))
    return fail(ec::protocol_violation, "does not work for epoch {}", of_epoch);
  struct collection {
    node_status all;
    size_t missing = 0;
  };
  auto what = std::make_shared<collection>();
  what->all.sent_bytes = *traffic;
  what->all.memory = used_memory();
  what->missing = job->groups.size();
  auto promise = self->make_response_promise<node_status>();
  if (job->groups.empty())
    promise.deliver(what->all);
  auto add = [what, promise](const group_status& one) mutable {
    what->all.groups.push_back(one);
    if (--what->missing == 0)
      promise.deliver(std::move(what->all));
  };
  for (auto& [id, g] : job->groups)
    self->request(g, defaults::status_timeout, status_atom::value, id)
        .then([add](const group_status& one) mutable { add(one); },
              [add, id = id](const caf::error&) mutable {
                group_status silent;
                silent.group = id;
                add(silent);
              });
  return promise;
}

caf::result<std::vector<char>> node_state::peek(uint64_t of_epoch,
                                                group_id group,
                                                neuron_id neuron,
                                                bool as_source) {
  if (!works_for(of_epoch))
    return fail(ec::protocol_violation, "does not work for epoch {}", of_epoch);
  auto found = job->groups.find(group);
  if (found == job->groups.end())
    return fail(ec::invalid_argument, "has no group {}", group);
  if (neuron >= job->plan->net.neuron_count())
    return fail(ec::invalid_argument, "knows no neuron {}", neuron);
  auto promise = self->make_response_promise<std::vector<char>>();
  self->request(found->second, defaults::peek_timeout, peek_atom::value, group)
      .then(
          [promise, plan = job->plan, neuron,
           as_source](const parameters_ptr& all) mutable {
            auto floats = as_source ? weights_from(plan->net, *all, neuron)
                                    : weights_into(plan->net, *all, neuron);
            std::vector<char> bytes(floats.size() * sizeof(float));
            if (!bytes.empty())
              std::memcpy(bytes.data(), floats.data(), bytes.size());
            promise.deliver(std::move(bytes));
          },
          [promise](caf::error& why) mutable {
            promise.deliver(std::move(why));
          });
  return promise;
}

caf::result<std::string> node_state::forward_command(const std::string& line) {
  if (!job)
    return fail(ec::unreachable, "this node has no job at the moment");
  // Not delegated: the answer would have to find its way from the driver over
  // this node to the shell.
  auto promise = self->make_response_promise<std::string>();
  self->request(job->driver, caf::infinite, command_atom::value, line)
      .then(
          [promise](std::string& said) mutable {
            promise.deliver(std::move(said));
          },
          [promise](caf::error& why) mutable {
            promise.deliver(std::move(why));
          });
  return promise;
}

caf::result<std::string> node_state::look(const std::string& model,
                                          const std::string& file) {
  return self->delegate(persistence, look_atom::value, model, file);
}

} // namespace nnactor
