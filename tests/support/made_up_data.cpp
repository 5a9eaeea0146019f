#include "support/made_up_data.hpp"

#include "nnactor/neuron/random.hpp"

#include <cstring>

namespace nnactor::test {

namespace {

/// @param context Rows of an example.
tensor rows_of(const tensor& from, const std::vector<uint64_t>& examples,
               uint64_t context) {
  auto bytes = context * from.extent().columns * size_of(from.type());
  byte_buffer out{examples.size() * bytes};
  for (size_t i = 0; i < examples.size(); ++i)
    std::memcpy(out.data() + i * bytes,
                from.bytes().data() + examples[i] * bytes, bytes);
  return {from.type(),
          {examples.size() * context, from.extent().columns},
          shared_bytes{std::move(out)}};
}

/// The label of a time step or position follows from the one before it, that of
/// the first from itself.
examples make_up(const network& net, uint64_t count) {
  const auto& input = net.layers.front();
  auto steps = net.time_steps;
  auto answers = net.answers();
  auto rows = count * net.context;
  counter_random random{count, 1};
  auto classes = static_cast<int32_t>(net.output().width);
  tensor_builder<int32_t> labels{{rows, steps}};
  auto label_all = [&](auto label_of) {
    for (size_t i = 0; i < labels.values().size(); ++i) {
      auto seen = i % answers > 0 ? i - 1 : i;
      labels.values()[i] = label_of(seen * input.width) % classes;
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
             net.output().width, net.time_steps, net.context},
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
  return {rows_of(all_.inputs, rows, shape_.context),
          rows_of(all_.targets, rows, shape_.context)};
}

std::string made_up_data::summary() const {
  return "made up";
}

} // namespace nnactor::test
