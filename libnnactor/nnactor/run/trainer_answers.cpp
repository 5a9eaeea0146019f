#include "nnactor/defaults.hpp"
#include "nnactor/run/job_view.hpp"
#include "nnactor/run/trainer.hpp"
#include "nnactor/run/waits.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace nnactor {

namespace {

// Connections of a neuron that are shown unless all are asked for.
constexpr size_t shown_connections = 16;

nlohmann::json number_or_null(double x) {
  return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json(nullptr);
}

std::vector<float> to_floats(const std::vector<char>& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  if (!out.empty())
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

} // namespace

void trainer_state::ask_statuses(
    std::function<void(const node_statuses&)> then) {
  auto& members = network->cluster.members;
  auto all = std::make_shared<node_statuses>(members.size());
  auto missing = std::make_shared<size_t>(members.size());
  auto arrived = [all, missing, then] {
    if (--*missing == 0)
      then(*all);
  };
  for (size_t i = 0; i < members.size(); ++i)
    self->request(members[i].node, 2 * defaults::status_timeout,
                  status_atom::value, network->job->epoch)
        .then(
            [all, i, arrived](const node_status& one) {
              (*all)[i] = one;
              arrived();
            },
            [arrived](const caf::error&) { arrived(); });
}

double trainer_state::steps_per_second() const {
  if (step_times.size() < 2)
    return 0;
  auto span =
      std::chrono::duration<double>(step_times.back() - step_times.front());
  return span.count() > 0
             ? static_cast<double>(step_times.size() - 1) / span.count()
             : 0;
}

void trainer_state::answer_status(const reply& shell) {
  auto job = network;
  ask_statuses([this, shell, job](const node_statuses& all) {
    auto answer = state_view("status");
    auto events = nlohmann::json::array();
    for (auto& [step, text] : notices)
      events.push_back({{"step", step}, {"what", text}});
    for (size_t i = 0; i < all.size(); ++i)
      if (!all[i])
        events.push_back(
            {{"step", issued_step},
             {"what", fmt::format("{} does not answer",
                                  name_of(job->job->servers[i]))}});
    answer["model"] = settings.store.path;
    answer["config"] = settings.config;
    answer["steps"] = settings.run.steps;
    answer["epoch"] = job->job->epoch;
    answer["generation"] = writer.last_good().generation;
    answer["loss"] = number_or_null(last_loss);
    answer["validation_loss"] = number_or_null(last_validation);
    answer["steps_per_s"] = now == stage::paused
                                ? nlohmann::json(nullptr)
                                : nlohmann::json(steps_per_second());
    answer["nodes"] = job->cluster.members.size();
    answer["groups"] = job->job->graph.groups.size();
    answer["events"] = events;
    // In a pause nobody waits for anybody but the shell.
    answer["waits"] =
        now == stage::paused ? nlohmann::json::array() : waits_view(*job, all);
    shell.tell(answer);
  });
}

// Nodes count anew with every deployment.
std::vector<uint64_t> trainer_state::sent_by_nodes(const deployed_ptr& job,
                                                   const node_statuses& all) {
  std::vector<uint64_t> out;
  for (size_t i = 0; i < all.size(); ++i) {
    auto past = past_traffic.find(job->cluster.members[i].address);
    out.push_back(past == past_traffic.end() ? 0 : past->second);
    if (job != network)
      continue; // All of it is past already.
    if (all[i])
      node_traffic[i] = std::max(node_traffic[i], all[i]->sent_bytes);
    out.back() += node_traffic[i];
  }
  return out;
}

void trainer_state::answer_nodes(const reply& shell) {
  ask_statuses([this, job = network, shell](const node_statuses& all) {
    shell.tell(
        nodes_view(*job, all, sent_by_nodes(job, all), nodes.known().absent()));
  });
}

void trainer_state::answer_groups(const reply& shell) {
  ask_statuses([job = network, shell](const node_statuses& all) {
    shell.tell(groups_view(*job, all));
  });
}

// The row of the neuron, then its column in every group that reads it.
void trainer_state::answer_neuron(const command& what, const reply& shell) {
  auto job = network;
  auto neuron = what.neuron;
  auto neurons = job->job->net.neuron_count();
  if (neuron >= neurons)
    return shell.refuse(
        fail(ec::invalid_argument,
             "there is no neuron {}; the network has neurons 0 to {}", neuron,
             neurons - 1));
  auto& mine = group_of(job->job->graph, neuron);
  auto weights = std::make_shared<neuron_weights>();
  auto missing = std::make_shared<size_t>(1);
  auto most = what.all ? SIZE_MAX : shown_connections;
  auto arrived = [=, step = issued_step] {
    if (--*missing > 0)
      return;
    auto answer = neuron_view(*job, neuron, *weights, most);
    answer["step"] = step;
    shell.tell(answer);
  };
  auto ask = [&](group_id group, bool as_source, const auto& keep) {
    auto node = job->job->where.seats[group].node;
    self->request(job->cluster.members[node].node, defaults::peek_timeout,
                  peek_atom::value, job->job->epoch, group, neuron, as_source)
        .then(
            [=](const std::vector<char>& bytes) {
              keep(to_floats(bytes));
              arrived();
            },
            [shell](const caf::error& why) { shell.refuse(why); });
  };
  std::vector<group_id> readers;
  for (auto id : ends_of(mine.downstream))
    if (job->job->graph.groups[id].kind == group_kind::neurons)
      readers.push_back(id);
  *missing += readers.size();
  weights->readers.resize(readers.size());
  ask(mine.id, false,
      [weights](std::vector<float> row) { weights->own = std::move(row); });
  for (size_t i = 0; i < readers.size(); ++i)
    ask(readers[i], true, [weights, i, id = readers[i]](std::vector<float> xs) {
      weights->readers[i] = {id, std::move(xs)};
    });
}

void trainer_state::answer_kill(const command& what, const reply& shell) {
  auto victim = index_of(what.node);
  if (!victim)
    return shell.refuse(victim.error());
  self->send(network->cluster.members[*victim].node, kill_atom::value,
             network->job->epoch);
  auto told = state_view("kill-node");
  told["epoch"] = network->job->epoch;
  told["seconds"] = 0.0;
  told["moves"] = nlohmann::json::array();
  told["text"] = fmt::format("{} was told to end at once",
                             name_of(network->job->servers[*victim]));
  shell.tell(told);
}

// -- nodes by name ------------------------------------------------------------

result<node_index> trainer_state::index_of(const node_name& whom) const {
  auto number = nodes.known().find(whom);
  if (!number)
    return number.error();
  auto& servers = network->job->servers;
  auto found = std::ranges::find(servers, *number, &server::number);
  return static_cast<node_index>(found - servers.begin());
}

std::string trainer_state::name_of_node(const std::string& address) const {
  return name_of(server{address, {}, nodes.known().number_of(address)});
}

} // namespace nnactor
