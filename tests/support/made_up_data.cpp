#include "support/made_up_data.hpp"

#include "nnactor/neuron/random.hpp"

#include <cstring>

namespace nnactor::test {

namespace {

tensor rows_of(const tensor& from, const std::vector<uint64_t>& rows) {
  auto width = from.extent().columns * size_of(from.type());
  byte_buffer out{rows.size() * width};
  for (size_t i = 0; i < rows.size(); ++i)
    std::memcpy(out.data() + i * width, from.bytes().data() + rows[i] * width,
                width);
  return {from.type(),
          {rows.size(), from.extent().columns},
          shared_bytes{std::move(out)}};
}

/// The label of a time step follows from the one before it, that of the first
/// from itself.
examples make_up(const network& net, uint64_t rows) {
  const auto& input = net.layers.front();
  auto steps = net.time_steps;
  counter_random random{rows, 1};
  auto classes = static_cast<int32_t>(net.output().width);
  tensor_builder<int32_t> labels{{rows, steps}};
  auto label_all = [&](auto label_of) {
    for (size_t r = 0; r < rows; ++r)
      for (uint32_t t = 0; t < steps; ++t) {
        auto seen = r * steps + (t > 0 ? t - 1 : 0);
        labels.values()[r * steps + t] = label_of(seen * input.width) % classes;
      }
  };
  if (input.tokens > 0) {
    tensor_builder<int32_t> x{{rows, steps * input.width}};
    for (size_t i = 0; i < x.values().size(); ++i)
      x.values()[i] = static_cast<int32_t>(random.bits(i) % input.tokens);
    label_all([&](size_t i) { return x.values()[i]; });
    return {std::move(x).share(), std::move(labels).share()};
  }
  tensor_builder<float> x{{rows, steps * input.width}};
  for (size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] = 2 * random.uniform(i) - 1;
  label_all(
      [&](size_t i) { return static_cast<int32_t>((x.values()[i] + 1) * 7); });
  return {std::move(x).share(), std::move(labels).share()};
}

} // namespace

made_up_data::made_up_data(const network& net, uint64_t train,
                           uint64_t validation)
    : shape_{net.layers.front().width, net.layers.front().tokens,
             net.output().width, net.time_steps},
      all_(make_up(net, train + validation)), train_(train),
      validation_(validation) {
}

data_shape made_up_data::shape() const {
  return shape_;
}

uint64_t made_up_data::size(split part) const {
  return part == split::train ? train_ : validation_;
}

examples made_up_data::gather(split part,
                              const std::vector<uint64_t>& indices) const {
  auto rows = indices;
  for (auto& x : rows)
    x += part == split::train ? 0 : train_;
  return {rows_of(all_.inputs, rows), rows_of(all_.targets, rows)};
}

std::string made_up_data::summary() const {
  return "made up";
}

} // namespace nnactor::test
