#include "nnactor/data/noise_dataset.hpp"

#include "nnactor/counting.hpp"

#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

constexpr uint64_t seed = 1;
constexpr uint64_t most_values = uint64_t{1} << 30;

/// Copies rows of `all` that are `width` wide.
template <class T>
tensor rows_of(const std::vector<T>& all, uint64_t width, uint64_t offset,
               const std::vector<uint64_t>& indices) {
  tensor_builder<T> out{{indices.size(), width}};
  auto to = out.values().begin();
  for (auto index : indices)
    to = std::copy_n(all.data() + (offset + index) * width, width, to);
  return std::move(out).share();
}

} // namespace

noise_dataset::noise_dataset(const data_settings& how)
    : shape_{how.inputs, 0, how.classes, how.time_steps},
      train_(
          how.examples
          - static_cast<uint64_t>(std::llround(how.examples * how.validation))),
      values_(uint64_t{how.examples} * how.time_steps * how.inputs),
      classes_(uint64_t{how.examples} * how.time_steps) {
  counter_random values{seed, 0};
  for (size_t i = 0; i < values_.size(); ++i)
    values_[i] = values.uniform(i) - 0.5f;
  counter_random classes{seed, 1};
  for (size_t i = 0; i < classes_.size(); ++i)
    classes_[i] = static_cast<int32_t>(classes.bits(i) % how.classes);
}

result<std::shared_ptr<const dataset>>
noise_dataset::make(const data_settings& how) {
  if (uint64_t{how.examples} * how.time_steps > most_values / how.inputs)
    return fail(ec::invalid_data,
                "data.examples = {} of data.time_steps = {} and data.inputs = "
                "{} take more than 4 GiB",
                how.examples, how.time_steps, how.inputs);
  std::shared_ptr<noise_dataset> out{new noise_dataset{how}};
  for (auto part : {split::train, split::validation})
    if (out->size(part) == 0)
      return fail(ec::invalid_data,
                  "data.examples = {} and data.validation = {} leave none for "
                  "{}",
                  how.examples, how.validation,
                  part == split::train ? "training" : "validation");
  return std::shared_ptr<const dataset>{std::move(out)};
}

data_shape noise_dataset::shape() const {
  return shape_;
}

uint64_t noise_dataset::size(split part) const {
  auto all = classes_.size() / shape_.time_steps;
  return part == split::train ? train_ : all - train_;
}

examples noise_dataset::gather(split part,
                               const std::vector<uint64_t>& indices) const {
  auto offset = part == split::train ? 0 : train_;
  return {
      rows_of(values_, shape_.time_steps * shape_.input_width, offset, indices),
      rows_of(classes_, shape_.time_steps, offset, indices)};
}

std::string noise_dataset::summary() const {
  return fmt::format("noise: {} examples of {} values in {} classes; {} to "
                     "train on and {} to validate with",
                     format_count(train_ + size(split::validation)),
                     format_count(shape_.time_steps * shape_.input_width),
                     format_count(shape_.output_width), format_count(train_),
                     format_count(size(split::validation)));
}

} // namespace nnactor
