#include "commands/open_model.hpp"

#include "terminal/bytes_bar.hpp"
#include "terminal/output.hpp"

namespace nnactor {

result<served_model> open_model(const std::string& folder,
                                const node_options& nodes, bool writes) {
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
  auto pages = writes ? pages_of(model->from().net) : 0;
  if (auto err = model->load(nodes.parts, watch, pages))
    return err;
  return model;
}

uint32_t pages_of(const network& net) {
  return check_writing(net) ? 0 : static_cast<uint32_t>(pages_for(net.context));
}

} // namespace nnactor
