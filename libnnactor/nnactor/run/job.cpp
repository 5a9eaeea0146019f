#include "nnactor/run/job.hpp"

#include "nnactor/counting.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/engine/footprint.hpp"
#include "nnactor/engine/layer_work.hpp"
#include "nnactor/neuron/random.hpp"
#include "nnactor/partition/plan_split.hpp"
#include "nnactor/run/memory_check.hpp"
#include "nnactor/run/planned_nodes.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <random>

namespace nnactor {

namespace {

caf::error make_parts(prepared_job& job) {
  auto parts = distribute(job.net, job.how.distribute);
  if (!parts)
    return parts.error();
  job.parts = std::move(*parts);
  job.graph = make_group_graph(job.net, job.parts);
  return caf::none;
}

caf::error split_by_plan(prepared_job& job, const cluster_view& nodes) {
  auto work = training_work(job.net, job.how.run.train);
  auto on = devices_of(job.how.cluster, nodes, job.how.run.train.compute);
  auto plan = plan_by(job.how.distribute.how, work.job, on);
  if (!plan)
    return fail(ec::invalid_partition,
                "{}: there is no plan that fits the memory of the nodes; add "
                "nodes or memory, or take a smaller batch or window",
                to_string(job.how.distribute.where));
  auto split = split_by_plan(job.net, work.layers, *plan);
  job.parts = std::move(split.parts);
  job.graph = make_group_graph(job.net, job.parts);
  std::vector<placement::seat> seats;
  for (auto device : split.devices)
    seats.push_back({static_cast<node_index>(device / job.how.cluster.devices),
                     static_cast<uint32_t>(device % job.how.cluster.devices)});
  job.where =
      place(job.graph, static_cast<uint32_t>(nodes.members.size()), seats);
  return caf::none;
}

/// What comes next in a text must not be seen by what tells it.
caf::error check_causal(const prepared_job& job) {
  if (job.data->characters() == nullptr || job.net.context == 1)
    return caf::none;
  for (auto& x : job.net.layers)
    if (x.kind == layer_kind::attention && !x.attention.causal)
      return fail(ec::invalid_config,
                  "{}: layer '{}' sees the tokens that it is to tell; every "
                  "position of a text is told from those before it, so set "
                  "causal = true",
                  job.how.file, x.name);
  return caf::none;
}

/// Whoever gets more rows at once refuses them.
caf::error check_rows(const prepared_job& job) {
  auto& train = job.how.run.train;
  auto rows = train.batch / train.micro_batches * uint64_t{job.net.context};
  uint64_t along = 0;
  for (auto& x : job.net.layers)
    along = std::max(along, x.norm_rows());
  if (rows + along <= defaults::max_rows)
    return caf::none;
  return fail(ec::invalid_config,
              "{}: a micro-batch has {} rows, more than {}; set "
              "train.micro_batches higher, or data.context lower",
              job.how.file, rows, defaults::max_rows - along);
}

} // namespace

result<prepared_job> prepare(experiment how) {
  prepared_job job;
  auto data = open_dataset(how.data);
  if (!data)
    return data.error();
  job.data = std::move(*data);
  auto net = build_network(how.network, job.data->shape());
  if (!net)
    return net.error();
  job.net = std::move(*net);
  job.how = std::move(how);
  if (auto err = check_rows(job))
    return err;
  if (auto err = check_causal(job))
    return err;
  job.how.run.train.link = job.how.cluster.link;
  auto& split = job.how.distribute;
  split.bytes_per_parameter = parameter_bytes(job.how.run.train.optimizer.kind);
  if (split.waits_for_nodes())
    return job;
  if (auto err = make_parts(job))
    return err;
  return job;
}

caf::error split_for_nodes(prepared_job& job, const cluster_view& nodes) {
  auto& split = job.how.distribute;
  if (!split.waits_for_nodes())
    return caf::none;
  if (split.is_planned())
    return split_by_plan(job, nodes);
  auto memory = memory_for_parameters(job.how.cluster, nodes);
  for (size_t i = 0; i < nodes.members.size(); ++i) {
    auto& next = split.shares.emplace_back();
    next.speed = static_cast<double>(nodes.members[i].info.speed);
    next.memory = memory[i];
    next.where = split.where;
  }
  return make_parts(job);
}

deployment make_training(const prepared_job& job, uint64_t epoch,
                         const std::string& token) {
  deployment out;
  out.epoch = epoch;
  out.net = job.net;
  out.parts = job.parts;
  out.graph = job.graph;
  out.where = job.where;
  out.train = job.how.run.train;
  out.model = name_of_model(job.how.store.path);
  out.store_epoch = epoch;
  out.token = token;
  return out;
}

caf::error resume(prepared_job& job, const manifest& from, bool repartitioned) {
  auto differs = [&](const char* what) {
    return fail(
        ec::invalid_config,
        "{}: {} is not that of the model in {}, so it cannot be "
        "resumed; set it as it was, or train anew in another store.path",
        job.how.file, what, job.how.store.path);
  };
  auto& train = job.how.run.train;
  if (from.net.layers != job.net.layers
      || from.net.time_steps != job.net.time_steps
      || from.net.context != job.net.context)
    return differs("the network");
  if (const auto* tokens = job.data->characters();
      tokens != nullptr
      && (tokens->code_points != from.vocabulary
          || numbers_of(tokens->merges) != from.merges))
    return differs("the vocabulary of the text (data.path, data.tokens, "
                   "data.validation)");
  if (!repartitioned && !job.parts.parts.empty()
      && from.parts.parts != job.parts.parts)
    return fail(ec::invalid_config,
                "{}: the distribution of neurons is not that of the model in "
                "{}; set it as it was, or add --repartition to go on with this "
                "one",
                job.how.file, job.how.store.path);
  if (from.train.seed != train.seed || from.train.batch != train.batch)
    return differs("the order of examples (train.seed, train.batch)");
  if (from.train.micro_batches != train.micro_batches
      || from.train.link != train.link || from.train.compute != train.compute
      || from.train.optimizer != train.optimizer)
    return differs("the training (micro_batches, precision, link, optimizer)");
  if (from.step >= job.how.run.steps)
    return fail(ec::invalid_config,
                "the model in {} has seen all {}; set train.steps higher "
                "to go on",
                job.how.store.path, counted(from.step, "step"));
  if (from.validation_loss && job.how.run.stops_at(*from.validation_loss))
    return fail(ec::invalid_config,
                "the model in {} has a validation loss of {:.5g}, at most "
                "train.stop_at_loss, {}; set that lower to go on",
                job.how.store.path, *from.validation_loss,
                job.how.run.stop_at_loss);
  if (!repartitioned) {
    job.parts = from.parts;
    job.graph = make_group_graph(job.net, job.parts);
  }
  return caf::none;
}

caf::error repartition(manifest& what, uint32_t parts) {
  if (parts == 0)
    return caf::none;
  distribution how;
  how.per_layer = true;
  how.parts = parts;
  auto split = distribute(what.net, how);
  if (!split)
    return split.error();
  what.parts = std::move(*split);
  return caf::none;
}

uint64_t any_epoch() {
  std::random_device device;
  return mix((static_cast<uint64_t>(device()) << 32) | device());
}

deployment make_inference(const manifest& from, const std::string& folder,
                          uint64_t epoch, const std::string& token,
                          uint32_t pages) {
  deployment out;
  out.epoch = epoch;
  out.net = from.net;
  out.parts = from.parts;
  out.graph = make_group_graph(from.net, from.parts);
  out.train = from.train;
  out.train.learns = false;
  out.train.pages = pages;
  out.model = name_of_model(folder);
  out.store_epoch = from.epoch;
  out.token = token;
  out.generation = from.generation;
  out.step = from.step;
  return out;
}

std::string passed_over(uint64_t generation, const caf::error& why) {
  return fmt::format("generation {} is damaged ({}); going back to one before "
                     "it",
                     generation, explain(why));
}

std::string name_of_model(const std::string& folder) {
  auto path = boost::filesystem::path{folder};
  // "models/x/" names the same folder as "models/x".
  if (path.filename() == "." || path.filename().empty())
    path = path.parent_path();
  return path.filename().string();
}

std::string folder_of_model(const std::string& folder) {
  auto path = boost::filesystem::path{folder};
  if (path.filename() == "." || path.filename().empty())
    path = path.parent_path();
  auto parent = path.parent_path().string();
  return parent.empty() ? "." : parent;
}

} // namespace nnactor
