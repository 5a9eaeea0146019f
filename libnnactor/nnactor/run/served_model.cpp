#include "nnactor/run/served_model.hpp"

#include "nnactor/run/job.hpp"
#include "nnactor/run/memory_check.hpp"

namespace nnactor {

served_model::served_model(model_store store, manifest from)
    : store_(std::move(store)), from_(std::move(from)) {
}

result<served_model> served_model::find(const std::string& folder) {
  model_store store{make_posix_filesystem(), folder};
  auto from = store.open(choice::best);
  if (!from)
    return from.error();
  return served_model{std::move(store), std::move(*from)};
}

caf::error served_model::join(const cluster_settings& where) {
  auto& folder = store_.folder();
  auto cluster = controller::make({where, folder, folder + ".nodes/inference"});
  if (!cluster)
    return cluster.error();
  cluster_ = std::move(*cluster);
  auto joined = cluster_->join();
  if (!joined)
    return joined.error();
  nodes_ = std::move(*joined);
  where_ = where;
  return caf::none;
}

caf::error served_model::load(uint32_t parts, const controller::watcher& watch,
                              uint32_t pages) {
  auto asked = from_;
  if (auto err = repartition(asked, parts))
    return err;
  if (auto err =
          check_memory(make_inference(asked, store_.folder(), 0, {}, pages),
                       where_, *nodes_))
    return err;
  auto from = cluster_->serve(store_, parts, watch, pages);
  if (!from)
    return from.error();
  from_ = std::move(*from);
  return caf::none;
}

} // namespace nnactor
