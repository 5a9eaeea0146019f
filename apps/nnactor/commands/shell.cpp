#include "commands/commands.hpp"
#include "reports/answer_text.hpp"
#include "terminal/credential_options.hpp"
#include "terminal/format.hpp"
#include "terminal/line_editor.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"
#include "terminal/table.hpp"

#include "nnactor/cluster/network_access.hpp"
#include "nnactor/shell/command.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>

#include <unistd.h>

namespace nnactor {

namespace {

struct shell_options {
  std::string address;
  std::vector<std::string> commands;
  bool json = false;
  double timeout = 30;
  credentials who;

  void add_to(CLI::App& command) {
    command
        .add_option("address", address,
                    "HOST:PORT that `nnactor run` prints, or a node of it")
        ->required()
        ->type_name("HOST:PORT")
        ->transform(address_form(port_zero::refused));
    command.add_flag("--json", json, "Print each answer as one line of JSON");
    command.add_option("--timeout", timeout, "Seconds that a command may take")
        ->transform(real_number(0.001, 1e6))
        ->capture_default_str();
    add_credentials(command, who);
  }

  std::chrono::milliseconds patience() const {
    return std::chrono::milliseconds{static_cast<int64_t>(timeout * 1000)};
  }
};

void print_help(const std::string& about) {
  constexpr size_t first = 35; // Column of what a command does.
  auto columns = std::max(output_columns(), 2 * first);
  for (auto& x : all_commands()) {
    if (!about.empty() && about != x.name)
      continue;
    auto lines = wrapped(x.what, columns - first);
    for (auto& line : lines)
      say("  {:<{}} {}\n", &line == &lines.front() ? x.grammar : "", first - 3,
          line);
  }
  if (about.empty())
    say("NODE is the number that `nodes` shows, or HOST:PORT.\n");
}

// Answers may come from another version, or from somebody who means harm.
nlohmann::json list_of(const nlohmann::json& answer, const char* key) {
  auto found = answer.is_object() ? answer.find(key) : answer.end();
  return answer.is_object() && found != answer.end() && found->is_array()
             ? *found
             : nlohmann::json::array();
}

std::string word_of(const nlohmann::json& x, const char* key) {
  if (!x.is_object() || !x.contains(key))
    return {};
  auto& value = x[key];
  return printable_line(value.is_string() ? value.get<std::string>()
                                          : json_text(value));
}

/// A connection to a run.
class session {
public:
  session(caf::actor_system& system, const shell_options& how)
      : self_(system), how_(how) {
  }

  session(const session&) = delete;
  session& operator=(const session&) = delete;

  caf::error connect() {
    auto found = dial_control(self_, how_.address, how_.who, how_.patience());
    if (!found)
      return found.error();
    run_ = *found;
    return caf::none;
  }

  ~session() {
    if (watcher_)
      caf::anon_send_exit(watcher_, caf::exit_reason::user_shutdown);
  }

  /// Tells whoever sits before the prompt when the run has ended.
  void watch() {
    watcher_ = self_->spawn(
        [run = run_](caf::event_based_actor* self) -> caf::behavior {
          self->monitor(run);
          self->set_down_handler([self](const caf::down_msg& end) {
            auto why = end.reason == caf::exit_reason::remote_link_unreachable
                           ? "the connection to the run has ended"
                           : explain(end.reason);
            say("\n{}\n", why);
            flush_output();
            self->quit();
          });
          return {[](const std::string&) {}};
        });
  }

  /// Carries out one line; `quit` is the caller's business.
  caf::error execute(const command& what) {
    fit_tables(output_columns());
    if (what.kind == command_kind::help) {
      print_help(what.text);
      return caf::none;
    }
    caf::error failure;
    self_->request(run_, how_.patience(), command_atom::value, to_string(what))
        .receive([&](const std::string& answer) { show(answer); },
                 [&](caf::error& why) { failure = std::move(why); });
    flush_output();
    return failure;
  }

  /// What its commands can be about, as far as it says so soon.
  command_words words() {
    command_words out;
    auto groups = ask("groups");
    auto nodes = ask("nodes");
    for (auto& x : list_of(groups, "groups"))
      out.groups.push_back(word_of(x, "group"));
    for (auto* key : {"node", "address"})
      for (auto& x : list_of(nodes, "nodes"))
        out.nodes.push_back(word_of(x, key));
    return out;
  }

private:
  nlohmann::json ask(const std::string& what) {
    nlohmann::json out;
    constexpr auto while_somebody_types = std::chrono::seconds{1};
    self_->request(run_, while_somebody_types, command_atom::value, what)
        .receive(
            [&](const std::string& answer) {
              out = nlohmann::json::parse(answer, nullptr, false);
            },
            [](const caf::error&) {});
    return out;
  }

  void show(const std::string& answer) const {
    if (!how_.json)
      return say("{}", answer_text(answer));
    auto parsed = nlohmann::json::parse(answer, nullptr, false);
    say_json(parsed.is_discarded() ? nlohmann::json(answer) : parsed);
  }

  caf::scoped_actor self_;
  const shell_options& how_;
  control_actor run_;
  caf::actor watcher_;
};

bool is_blank(const std::string& line) {
  auto first = line.find_first_not_of(" \t\r");
  return first == std::string::npos || line[first] == '#';
}

/// Runs lines one after the other; the first failure ends it.
int run_script(session& run, const std::function<bool(std::string&)>& next) {
  for (std::string line; next(line);) {
    if (is_blank(line))
      continue;
    auto what = parse_command(line);
    if (!what)
      return finish(what.error());
    if (what->kind == command_kind::quit)
      return 0;
    if (auto err = run.execute(*what)) {
      finish(err);
      return 1;
    }
  }
  return 0;
}

int run_interactively(session& run, const std::string& address) {
  say("Connected with the run at {}; try help.\n", address);
  run.watch();
  line_editor editor{
      [&](std::string_view before) { return next_words(before, run.words()); }};
  while (auto line = editor.read("nnactor> ")) {
    if (is_blank(*line))
      continue;
    auto what = parse_command(*line);
    if (!what) {
      finish(what.error());
      continue;
    }
    if (what->kind == command_kind::quit)
      return 0;
    if (auto err = run.execute(*what)) {
      finish(err);
      if (code_of(err) == ec::node_lost)
        return 1;
    }
  }
  say("\n");
  return 0;
}

int run_shell(const shell_options& how) {
  if (auto err = check_credentials(how.who))
    return finish(err);
  system_config config{1, how.who, std::chrono::milliseconds{0}};
  caf::actor_system system{config};
  session run{system, how};
  // What cannot be read is told before anything is done.
  for (auto& line : how.commands)
    if (auto what = parse_command(line); !what)
      return finish(what.error());
  if (auto err = run.connect())
    return finish(err);
  if (!how.commands.empty()) {
    size_t index = 0;
    return run_script(run, [&](std::string& line) {
      if (index == how.commands.size())
        return false;
      line = how.commands[index++];
      return true;
    });
  }
  if (isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0 && !how.json)
    return run_interactively(run, how.address);
  return run_script(run, [](std::string& line) {
    return static_cast<bool>(std::getline(std::cin, line));
  });
}

} // namespace

void add_shell_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<shell_options>();
  auto* command = parent.add_subcommand(
      "shell", "Look into a running job, move its groups, pause it");
  how->add_to(*command);
  command
      ->add_option("-c,--command", how->commands,
                   "Carry this out and end; may be given several times")
      ->transform(utf8_text());
  command->callback([how, &status] { status = run_shell(*how); });
}

void add_status_command(CLI::App& parent, int& status) {
  auto how = std::make_shared<shell_options>();
  auto* command = parent.add_subcommand(
      "status", "What a running job does, and who waits for whom");
  how->add_to(*command);
  command->callback([how, &status] {
    how->commands = {"status"};
    status = run_shell(*how);
  });
}

} // namespace nnactor
