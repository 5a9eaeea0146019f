#include "commands/open_model.hpp"

#include "terminal/bytes_bar.hpp"
#include "terminal/output.hpp"

namespace nnactor {

result<served_model> open_model(const std::string& folder,
                                const node_options& nodes) {
  auto model = served_model::find(folder);
  if (!model)
    return model;
  auto where = nodes.read();
  if (!where)
    return where.error();
  if (auto err = model->join(*where))
    return err;
  bytes_bar bar{console::of(stderr), "loaded"};
  auto watch = [&bar](const progress& event) {
    if (event.what == progress::kind::loading)
      return bar.update(event.bytes, event.of);
    bar.erase();
    warn(event.text);
  };
  if (auto err = model->load(nodes.parts, watch))
    return err;
  return model;
}

} // namespace nnactor
