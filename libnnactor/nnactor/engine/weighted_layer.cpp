#include "nnactor/engine/weighted_layer.hpp"

#include <cmath>

namespace nnactor {

void weighted_layer::forward(device& dev, const layer_input& x,
                             mutable_matrix y, kept_values* keep) {
  auto bias = values(dev, 1).values();
  if (keep != nullptr && needs_z(act_)) {
    auto z = make<float>(dev, {y.rows, y.columns});
    multiply(dev, x.values, bias, view(z));
    keep->z = std::move(z).share();
    return dev.activate(act_, view(keep->z), y);
  }
  multiply(dev, x.values, bias, y);
  if (act_ != activation::none)
    dev.activate(act_, as_const(y), y);
}

void weighted_layer::backward(device& dev, kept_values& at, const tensor& dy,
                              mutable_matrix dx) {
  at.dz = dy;
  if (act_ != activation::none) {
    auto through = make<float>(dev, dy.extent());
    dev.activate_gradient(act_, view(at.z), view(at.y), view(dy),
                          view(through));
    at.dz = std::move(through).share();
  }
  if (dx.data != nullptr)
    input_gradient(dev, view(at.dz), dx);
}

void weighted_layer::accumulate(device& dev, const kept_values& at) {
  weight_gradient(dev, view(at.dz), view(at.inputs), gradient(dev, 0),
                  gradient(dev, 1).values());
}

layer_costs weighted_costs(const layer& what) {
  return {.flop = 2 * static_cast<double>(what.units * what.row_width),
          .keeps = {0, needs_z(what.act) ? uint64_t{1} : uint64_t{0}},
          .keeps_y = true};
}

float weighted_bound(const layer& what, uint64_t fan_out) {
  auto fan_in = static_cast<double>(what.row_width);
  auto rectified = what.act == activation::relu || needs_z(what.act);
  auto fans = rectified ? fan_in : fan_in + static_cast<double>(fan_out);
  return static_cast<float>(std::sqrt(6.0 / fans));
}

} // namespace nnactor
