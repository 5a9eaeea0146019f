#include "commands/served_model.hpp"

#include "terminal/bytes_bar.hpp"
#include "terminal/output.hpp"

#include "nnactor/run/job.hpp"
#include "nnactor/store/model_store.hpp"

namespace nnactor {

result<served_model> served_model::open(const std::string& folder,
                                        const node_options& nodes) {
  served_model result;
  auto store = model_store{make_posix_filesystem(), folder};
  // Before any node is started.
  if (auto from = store.open(choice::best); !from)
    return from.error();
  auto where = nodes.read();
  if (!where)
    return where.error();
  auto cluster =
      controller::make({*where, folder, folder + ".nodes/inference"});
  if (!cluster)
    return cluster.error();
  result.cluster = std::move(*cluster);
  if (auto joined = result.cluster->join(); !joined)
    return joined.error();
  bytes_bar bar{console::of(stderr), "loaded"};
  auto watch = [&bar](const progress& event) {
    if (event.what == progress::kind::loading)
      return bar.update(event.bytes, event.of);
    bar.erase();
    warn(event.text);
  };
  auto from = result.cluster->serve(store, nodes.parts, watch);
  if (!from)
    return from.error();
  result.from = std::move(*from);
  return result;
}

} // namespace nnactor
