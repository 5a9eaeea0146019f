#include "nnactor/run/job.hpp"

#include "nnactor/neuron/random.hpp"

#include <boost/filesystem.hpp>

#include <random>

namespace nnactor {

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
  auto parts = distribute(job.net, how.distribute);
  if (!parts)
    return parts.error();
  job.parts = std::move(*parts);
  job.graph = make_group_graph(job.net, job.parts);
  job.how = std::move(how);
  return job;
}

deployment make_training(const prepared_job& job, uint64_t epoch,
                         const std::string& token) {
  deployment out;
  out.epoch = epoch;
  out.net = job.net;
  out.parts = job.parts;
  out.graph = job.graph;
  out.train = job.how.run.train;
  out.model = name_of_model(job.how.store.path);
  out.store_epoch = epoch;
  out.token = token;
  return out;
}

uint64_t any_epoch() {
  std::random_device device;
  return mix((static_cast<uint64_t>(device()) << 32) | device());
}

deployment make_inference(const manifest& from, const std::string& folder,
                          uint64_t epoch, const std::string& token) {
  deployment out;
  out.epoch = epoch;
  out.net = from.net;
  out.parts = from.parts;
  out.graph = make_group_graph(from.net, from.parts);
  out.train = from.train;
  out.model = name_of_model(folder);
  out.store_epoch = from.epoch;
  out.token = token;
  out.generation = from.generation;
  out.step = from.step;
  return out;
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
