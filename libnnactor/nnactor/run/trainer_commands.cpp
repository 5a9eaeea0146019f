#include "nnactor/run/job_view.hpp"
#include "nnactor/run/trainer.hpp"

namespace nnactor {

namespace {

// Steps over which a rebalance measures the nodes before it decides.
constexpr uint64_t measured_steps = 8;

const char* name_of(trainer_state::stage now) {
  using stage = trainer_state::stage;
  switch (now) {
  case stage::validating:
    return "validating";
  case stage::saving:
    return "saving";
  case stage::serving:
    return "moving";
  case stage::paused:
    return "paused";
  case stage::recovering:
    return "recovering";
  case stage::idle:
  case stage::finishing:
    return "finished";
  case stage::training:
  case stage::counting:
  case stage::stuck:
    break;
  }
  return "training";
}

} // namespace

caf::result<std::string> trainer_state::on_command(const std::string& line) {
  auto what = parse_command(line);
  if (!what)
    return what.error();
  if (now == stage::idle || now == stage::stuck)
    return fail(ec::unreachable, "{}",
                network ? "the run has ended" : "the run has not begun yet");
  auto promise = self->make_response_promise<std::string>();
  auto shell = reply{promise};
  switch (what->kind) {
  case command_kind::status:
    answer_status(shell);
    break;
  case command_kind::nodes:
    answer_nodes(shell);
    break;
  case command_kind::layers:
    shell.tell(layers_view(*network->job));
    break;
  case command_kind::groups:
    answer_groups(shell);
    break;
  case command_kind::neuron:
    answer_neuron(*what, shell);
    break;
  case command_kind::kill_node:
    answer_kill(*what, shell);
    break;
  case command_kind::resume:
    pausing = false;
    if (now == stage::paused) {
      step_times.clear(); // A rate is of steps without a pause between them.
      leave_boundary();
    }
    shell.tell(state_view("resume"));
    break;
  case command_kind::pause:
  case command_kind::save:
  case command_kind::move_group:
  case command_kind::move_neurons:
  case command_kind::join:
  case command_kind::leave:
    answer_at_boundary({std::move(*what), shell});
    break;
  case command_kind::rebalance:
    ask_rebalance({std::move(*what), shell});
    break;
  case command_kind::help:
  case command_kind::quit:
    return fail(ec::invalid_argument, "the shell itself does that");
  }
  return promise;
}

// -- between two steps --------------------------------------------------------

void trainer_state::answer_at_boundary(request what) {
  if (now == stage::idle || now == stage::finishing || stopping)
    return what.shell.refuse(
        fail(ec::unreachable, "the run is at its end already"));
  if (now == stage::recovering)
    return what.shell.refuse(
        fail(ec::node_lost, "a node was lost; ask again when the run goes on"));
  auto due = what.not_before;
  requests.add(std::move(what));
  if (now == stage::paused)
    return leave_boundary();
  come_to_boundary(due);
}

// A straggler may be one since a moment ago: what counts is now.
void trainer_state::ask_rebalance(request what) {
  if (pausing)
    return what.shell.refuse(fail(ec::invalid_argument,
                                  "the run is paused, so there is nothing to "
                                  "measure; resume it first"));
  auto shared = std::make_shared<request>(std::move(what));
  auto epoch = network->job->epoch;
  ask_statuses([this, shared, epoch](const node_statuses& first) {
    if (network->job->epoch != epoch || now == stage::recovering)
      return shared->shell.refuse(fail(
          ec::invalid_argument, "something else moved meanwhile; try again"));
    shared->first_look = first;
    shared->not_before = issued_step + measured_steps;
    answer_at_boundary(std::move(*shared));
  });
}

void trainer_state::serve(request what) {
  now = stage::serving;
  switch (what.what.kind) {
  case command_kind::pause:
    pausing = true;
    now = stage::paused;
    what.shell.tell(state_view("pause"));
    notice("paused");
    return leave_boundary();
  case command_kind::save: {
    auto saved = [this, shell = what.shell] {
      auto answer = state_view("save");
      answer["generation"] = writer.last_good().generation;
      shell.tell(answer);
      leave_boundary();
    };
    auto unsaved = [this, shell = what.shell](const caf::error& why) {
      shell.refuse(why);
      leave_boundary();
    };
    return commit_here({saved, unsaved});
  }
  case command_kind::join:
    return start_join(std::move(what));
  case command_kind::rebalance:
    return start_rebalance(std::move(what));
  default:
    return start_move(std::move(what));
  }
}

void trainer_state::refuse_all(const caf::error& why) {
  requests.refuse_all(why);
  after_commit.reset();
  moves.drop(why);
}

nlohmann::json trainer_state::state_view(const char* command) const {
  return {{"command", command},
          {"state", stopping ? "ending" : name_of(now)},
          {"step", issued_step}};
}

} // namespace nnactor
