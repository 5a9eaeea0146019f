#include "commands/commands.hpp"
#include "terminal/format.hpp"
#include "terminal/options.hpp"
#include "terminal/output.hpp"

#include "nnactor/config/read_file.hpp"
#include "nnactor/metadata/table_view.hpp"
#include "nnactor/store/model_store.hpp"

#include <nlohmann/json.hpp>

namespace nnactor {

namespace {

struct table_options {
  std::string file;
  std::string model;
  int64_t neuron = -1;
  uint64_t limit = 40;
  bool json = false;
};

// The weights of a model, a row at a time. Rows of one consumer are asked for
// one after the other, so the last one is kept.
class weight_reader {
public:
  weight_reader(const network& net, const std::string& folder)
      : net_(net), store_(make_posix_filesystem(), folder) {
  }

  caf::error open() {
    auto from = store_.open(choice::newest);
    if (!from)
      return from.error();
    from_ = std::move(*from);
    return caf::none;
  }

  uint64_t generation() const {
    return from_.generation;
  }

  result<std::vector<float>> row(neuron_id id) {
    if (id == last_id_ && !last_row_.empty())
      return last_row_;
    auto values =
        store_.read(from_, net_.layer_of(id), neuron_set::range(id, id + 1));
    if (!values)
      return values.error();
    for (auto& p : values->parameters)
      if (p.name == "weight") {
        auto xs = p.values.values<float>();
        last_id_ = id;
        last_row_.assign(xs.begin(), xs.end());
        return last_row_;
      }
    return fail(ec::store_corrupt, "{} holds no weights of neuron {}",
                store_.folder(), id);
  }

private:
  const network& net_;
  model_store store_;
  manifest from_;
  neuron_id last_id_ = 0;
  std::vector<float> last_row_;
};

void print(const single_connection& what, bool json) {
  if (json) {
    say_json(
        nlohmann::json{{"local", what.local},
                       {"remote", what.remote},
                       {"position", what.position},
                       {"outgoing", what.outgoing},
                       {"weight", what.weight ? nlohmann::json(*what.weight)
                                              : nlohmann::json(nullptr)}});
  } else {
    say("  {:>8} {} {:>8}[{}]  {}\n", what.local, what.outgoing ? "->" : "<-",
        what.remote, what.position,
        what.weight ? fmt::format("{:+.6f}", *what.weight) : "-");
  }
}

caf::error show_neuron(const table_file& table, const table_options& how) {
  weight_reader weights{table.net, how.model.empty() ? table.store : how.model};
  if (auto err = weights.open())
    return err;
  auto id = static_cast<neuron_id>(how.neuron);
  if (!how.json)
    say("Connections of neuron {} with remote neurons, weights of "
        "generation {}\n     local      remote[value]  weight\n",
        id, weights.generation());
  uint64_t seen = 0;
  auto err = visit_neuron(
      table, id, [&](neuron_id consumer) { return weights.row(consumer); },
      [&](const single_connection& what) -> caf::error {
        if (seen++ < how.limit || how.limit == 0)
          print(what, how.json);
        return caf::none;
      });
  if (!err && !how.json && how.limit != 0 && seen > how.limit)
    say("  ... {} more, --limit 0 shows all\n", format_count(seen - how.limit));
  return err;
}

caf::error show_table(const table_options& how) {
  auto text = read_file(how.file, ec::invalid_data);
  if (!text)
    return text.error();
  auto table = decode_table_file(std::as_bytes(std::span{*text}));
  if (!table)
    return within(how.file, table.error());
  if (how.neuron >= 0)
    return show_neuron(*table, how);
  if (how.json)
    write_output(to_json(*table) + "\n");
  else
    say("{}\n", to_text(*table));
  return caf::none;
}

} // namespace

void add_node_table_command(CLI::App& node, int& status) {
  auto how = std::make_shared<table_options>();
  auto* command = node.add_subcommand(
      "table",
      "Show the connection table that a node wrote to its state folder");
  command->add_option("file", how->file, "STATE/connections.table")->required();
  command
      ->add_option("--neuron", how->neuron,
                   "List every connection of this neuron with its weight")
      ->transform(whole_number(0, INT64_MAX));
  command->add_option("--model", how->model,
                      "Folder of the model to read weights from, if it is not "
                      "where the node saw it");
  command->add_option("--limit", how->limit, "Most connections to list, 0: all")
      ->transform(whole_number(0, UINT64_MAX))
      ->capture_default_str();
  command->add_flag("--json", how->json, "Print JSON");
  command->callback([how, &status] { status = finish(show_table(*how)); });
}

} // namespace nnactor
