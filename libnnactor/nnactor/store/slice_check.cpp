#include "nnactor/store/slice_check.hpp"

#include "nnactor/store/checksum.hpp"
#include "nnactor/store/names.hpp"

#include <algorithm>
#include <limits>

namespace nnactor {

namespace {

// Nothing of ours comes near; below it no sum of two numbers can overflow.
constexpr auto most_bytes = std::numeric_limits<uint64_t>::max() / 4;

bool length_fits(const slice& what) {
  auto rows = what.neurons.size();
  if (what.columns == 0 || what.columns > most_bytes / sizeof(float) / rows)
    return false;
  return what.length == rows * what.columns * sizeof(float);
}

caf::error check_fit(const network& net, const slice& what) {
  if (what.layer >= net.layers.size())
    return fail(ec::store_corrupt,
                "{}: a slice of layer {}, but the network has {} layers",
                what.file, what.layer, net.layers.size());
  auto& owner = net.layers[what.layer];
  auto foreign = subtract(what.neurons, owner.neurons());
  if (!foreign.empty())
    return fail(ec::store_corrupt, "{}: neurons {} are not in layer '{}'",
                what.file, to_string(foreign), owner.name);
  auto row = parameter_of(owner, what.parameter);
  if (!row)
    return fail(ec::store_corrupt, "{}: layer '{}' has no parameter '{}'",
                what.file, owner.name, what.parameter);
  if (row->columns != what.columns)
    return fail(ec::store_corrupt, "{}: {} has {} columns instead of {}",
                what.file, describe(net, what), what.columns, row->columns);
  return caf::none;
}

caf::error check_overlap(const network& net, const std::vector<slice>& slices) {
  std::vector<const slice*> order;
  order.reserve(slices.size());
  for (auto& x : slices)
    order.push_back(&x);
  std::sort(order.begin(), order.end(), [](const slice* x, const slice* y) {
    return std::tie(x->file, x->offset) < std::tie(y->file, y->offset);
  });
  for (size_t i = 1; i < order.size(); ++i) {
    auto& before = *order[i - 1];
    auto& after = *order[i];
    if (before.file == after.file
        && before.offset + before.length > after.offset)
      return fail(ec::store_corrupt, "{}: {} and {} overlap at byte {}",
                  after.file, describe(net, before), describe(net, after),
                  after.offset);
  }
  return caf::none;
}

} // namespace

parameter_name split_name(std::string_view name) {
  auto dot = name.rfind('.');
  if (dot == std::string_view::npos)
    return {{}, name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

bool is_state(std::string_view name) {
  return !split_name(name).state.empty();
}

std::optional<layer_parameter> parameter_of(const layer& what,
                                            std::string_view name) {
  auto [state, base] = split_name(name);
  auto stateless = state.empty() && base.size() != name.size();
  for (auto& row : what.parameter_rows())
    if (row.name == base && !stateless)
      return row;
  return std::nullopt;
}

std::string describe(const network& net, const slice& what) {
  auto place = what.layer < net.layers.size()
                   ? fmt::format("layer '{}'", net.layers[what.layer].name)
                   : fmt::format("layer {}", what.layer);
  return fmt::format("{} {}, neurons {}", place, what.parameter,
                     to_string(what.neurons));
}

caf::error check_form(const slice& what) {
  if (!is_safe_relative(what.file))
    return fail(ec::store_corrupt,
                "slice file '{}' is not below the folder of the model",
                what.file);
  if (what.neurons.empty())
    return fail(ec::store_corrupt, "{}: slice of '{}' without neurons",
                what.file, what.parameter);
  if (!length_fits(what))
    return fail(ec::store_corrupt,
                "{}: {} neurons of {} values do not fill {} bytes", what.file,
                what.neurons.size(), what.columns, what.length);
  if (what.offset % slice_alignment != 0 || what.offset > most_bytes)
    return fail(ec::store_corrupt,
                "{}: a slice cannot begin at byte {}, only at multiples of {}",
                what.file, what.offset, slice_alignment);
  if (what.checksums.size() != piece_count(what.length))
    return fail(ec::store_corrupt, "{}: {} checksums for {} pieces", what.file,
                what.checksums.size(), piece_count(what.length));
  return caf::none;
}

caf::error check_slices(const network& net, const std::vector<slice>& slices) {
  for (auto& x : slices) {
    if (auto err = check_form(x))
      return err;
    if (auto err = check_fit(net, x))
      return err;
  }
  return check_overlap(net, slices);
}

} // namespace nnactor
