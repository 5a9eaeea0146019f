#include "nnactor/store/checksum.hpp"
#include "nnactor/store/model_store.hpp"

namespace nnactor {

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span{text});
}

void add(hasher& all, const layer& l, parameter_set values) {
  auto& xs = values.parameters;
  std::sort(xs.begin(), xs.end(),
            [](auto& x, auto& y) { return x.name < y.name; });
  for (auto& x : xs) {
    all.add(bytes_of(fmt::format("{}/{} {} {}\n", l.name, x.name,
                                 x.values.extent().rows,
                                 x.values.extent().columns)));
    all.add({x.values.bytes().data(), x.values.bytes().size()});
  }
}

} // namespace

result<digest> model_store::content_of(const manifest& what) {
  hasher all;
  for (layer_id i = 0; i < what.net.layers.size(); ++i) {
    auto& l = what.net.layers[i];
    if (l.units == 0)
      continue;
    auto values = read(what, i, l.neurons());
    if (!values)
      return values.error();
    add(all, l, std::move(*values));
  }
  return all.finish();
}

} // namespace nnactor
