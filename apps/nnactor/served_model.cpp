#include "served_model.hpp"

#include "nnactor/run/job.hpp"
#include "nnactor/store/model_store.hpp"

namespace nnactor {

result<served_model> served_model::open(const std::string& folder,
                                        const node_options& nodes) {
  served_model result;
  auto store = model_store{make_posix_filesystem(), folder};
  auto from = store.open(choice::best);
  if (!from)
    return from.error();
  auto token = store.epoch_token(from->epoch);
  if (!token)
    return token.error();
  result.from = std::move(*from);
  cluster_settings where;
  where.nodes = nodes.local;
  where.addresses = nodes.addresses;
  where.certificate = nodes.certificate;
  where.key = nodes.key;
  where.authority = nodes.authority;
  auto cluster = controller::make({where, folder, folder + ".nodes/inference"});
  if (!cluster)
    return cluster.error();
  result.cluster = std::move(*cluster);
  auto epoch = any_epoch();
  if (auto joined = result.cluster->join(); !joined)
    return joined.error();
  auto job = make_inference(result.from, folder, epoch, *token);
  if (auto network = result.cluster->open_inference(job); !network)
    return network.error();
  return result;
}

} // namespace nnactor
