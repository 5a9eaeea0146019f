#include "data/files.hpp"

#include <numeric>

using namespace nnactor;

namespace {

data_settings some_noise() {
  data_settings out;
  out.kind = data_settings::format::noise;
  out.inputs = 3;
  out.classes = 5;
  out.time_steps = 4;
  out.examples = 50;
  out.validation = 0.2;
  return out;
}

examples all_of(const dataset& data, split part) {
  std::vector<uint64_t> indices(data.size(part));
  std::iota(indices.begin(), indices.end(), 0);
  return data.gather(part, indices);
}

} // namespace

TEST_CASE("noise has the shape that it was asked for") {
  auto data = opened(some_noise());
  CHECK(data->shape().input_width == 3);
  CHECK(data->shape().output_width == 5);
  CHECK(data->shape().time_steps == 4);
  CHECK(data->size(split::train) == 40);
  CHECK(data->size(split::validation) == 10);
  CHECK(data->summary()
        == "noise: 50 examples of 12 values in 5 classes; 40 to train on and "
           "10 to validate with");
}

TEST_CASE("noise is the same every time, and no example like another") {
  auto x = all_of(*opened(some_noise()), split::train);
  auto y = all_of(*opened(some_noise()), split::train);
  auto values = x.inputs.values<float>();
  auto classes = x.targets.values<int32_t>();
  REQUIRE(values.size() == 40 * 4 * 3);
  REQUIRE(classes.size() == 40 * 4);
  CHECK(std::ranges::equal(values, y.inputs.values<float>()));
  CHECK(std::ranges::equal(classes, y.targets.values<int32_t>()));
  CHECK(std::ranges::min(values) >= -0.5f);
  CHECK(std::ranges::max(values) < 0.5f);
  CHECK(std::ranges::min(classes) == 0);
  CHECK(std::ranges::max(classes) == 4);
  auto sorted = std::vector(values.begin(), values.end());
  std::ranges::sort(sorted);
  CHECK(std::ranges::adjacent_find(sorted) == sorted.end());
}

TEST_CASE("the examples to validate with come after the others") {
  auto how = some_noise();
  auto data = opened(how);
  how.validation = 0.02; // All but the last are to train on.
  auto larger = opened(how);
  auto last = data->gather(split::validation, {8}).inputs;
  auto same = larger->gather(split::train, {48}).inputs;
  CHECK(std::ranges::equal(last.values<float>(), same.values<float>()));
}

TEST_CASE("noise that leaves a split empty or fills the memory is refused") {
  auto sentence = [](data_settings how) {
    how.where = {"x.toml", 2, 8};
    auto out = open_dataset(how);
    REQUIRE_FALSE(out);
    CHECK(code_of(out.error()) == ec::invalid_data);
    return explain(out.error());
  };
  auto how = some_noise();
  how.validation = 0.001;
  CHECK(sentence(how)
        == "x.toml:2:8: data.examples = 50 and data.validation = 0.001 leave "
           "none for validation");
  how.inputs = how.examples = 1 << 24;
  CHECK(sentence(how)
        == "x.toml:2:8: data.examples = 16777216 of data.time_steps = 4 and "
           "data.inputs = 16777216 take more than 4 GiB");
}
