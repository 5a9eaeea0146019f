#include "nnactor/data/idx_dataset.hpp"

#include "nnactor/counting.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

caf::error check(const idx_array& images, const std::string& images_path,
                 const idx_array& labels, const std::string& labels_path) {
  if (images.dimensions.size() < 2)
    return fail(ec::invalid_data,
                "{}: holds single values, not images (is it the file of the "
                "labels?)",
                images_path);
  if (labels.dimensions.size() != 1)
    return fail(ec::invalid_data,
                "{}: has {} dimensions, labels have one (is it the file of "
                "the images?)",
                labels_path, labels.dimensions.size());
  auto image_count = images.dimensions.front();
  auto label_count = labels.dimensions.front();
  if (image_count != label_count)
    return fail(ec::invalid_data, "{}: {} images but {} labels in {}",
                images_path, image_count, label_count, labels_path);
  return caf::none;
}

} // namespace

idx_dataset::idx_dataset(idx_array images, idx_array labels, double validation)
    : images_(std::move(images)), labels_(std::move(labels)) {
  uint64_t count = images_.dimensions.front();
  auto last = std::llround(static_cast<double>(count) * validation);
  train_ = count - static_cast<uint64_t>(last);
  const auto& all = labels_.values;
  classes_ = uint32_t{*std::max_element(all.begin(), all.end())} + 1;
}

result<std::shared_ptr<const dataset>>
idx_dataset::open(const data_settings& how) {
  boost::system::error_code failure;
  if (boost::filesystem::is_regular_file(how.path, failure))
    return fail(ec::invalid_data,
                "{}: is a file; data.format = \"idx\" takes the folder in "
                "which {} and {} are",
                how.path, how.images, how.labels);
  boost::filesystem::path folder{how.path};
  auto images_path = (folder / how.images).string();
  auto labels_path = (folder / how.labels).string();
  auto images = read_idx(images_path);
  if (!images)
    return images.error();
  auto labels = read_idx(labels_path);
  if (!labels)
    return labels.error();
  if (auto err = check(*images, images_path, *labels, labels_path))
    return err;
  std::shared_ptr<idx_dataset> out{
      new idx_dataset{std::move(*images), std::move(*labels), how.validation}};
  for (auto part : {split::train, split::validation})
    if (out->size(part) == 0)
      return fail(ec::invalid_data,
                  "{}: data.validation = {} leaves no image for {}",
                  images_path, how.validation,
                  part == split::train ? "training" : "validation");
  return std::shared_ptr<const dataset>{std::move(out)};
}

data_shape idx_dataset::shape() const {
  return {images_.stride(), 0, classes_};
}

uint64_t idx_dataset::size(split part) const {
  return part == split::train ? train_ : labels_.values.size() - train_;
}

examples idx_dataset::gather(split part,
                             const std::vector<uint64_t>& indices) const {
  auto width = images_.stride();
  auto offset = part == split::train ? 0 : train_;
  tensor_builder<float> inputs{{indices.size(), width}};
  tensor_builder<int32_t> labels{{indices.size(), 1}};
  auto input = inputs.values().begin();
  auto label = labels.values().begin();
  for (auto index : indices) {
    const auto* image = images_.values.data() + (offset + index) * width;
    input = std::transform(image, image + width, input, [](uint8_t byte) {
      return static_cast<float>(byte) / 255.0f;
    });
    *label++ = labels_.values[offset + index];
  }
  return {std::move(inputs).share(), std::move(labels).share()};
}

std::string idx_dataset::summary() const {
  return fmt::format(
      "{} images of {} values in {} classes; {} to train on and "
      "{} to validate with",
      format_count(labels_.values.size()), format_count(images_.stride()),
      classes_, format_count(train_), format_count(size(split::validation)));
}

} // namespace nnactor
