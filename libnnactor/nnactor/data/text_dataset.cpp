#include "nnactor/data/text_dataset.hpp"

#include "nnactor/counting.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace nnactor {

namespace {

/// Counts of tokens and of pairs of them. Sparse, because a vocabulary of
/// thousands has far fewer pairs than it could have.
class bigram_counts {
public:
  explicit bigram_counts(uint64_t tokens) : tokens_(tokens), singles_(tokens) {
  }

  void add(int32_t previous, int32_t next) {
    ++singles_[static_cast<size_t>(previous)];
    ++pairs_[key(previous, next)];
  }

  /// Returns -log p(next | previous) with one added to every count.
  double loss(int32_t previous, int32_t next) const {
    auto found = pairs_.find(key(previous, next));
    auto pair =
        found == pairs_.end() ? 0.0 : static_cast<double>(found->second);
    auto single = static_cast<double>(singles_[static_cast<size_t>(previous)]);
    return std::log((single + static_cast<double>(tokens_)) / (pair + 1));
  }

private:
  uint64_t key(int32_t previous, int32_t next) const {
    return static_cast<uint64_t>(previous) * tokens_
           + static_cast<uint64_t>(next);
  }

  uint64_t tokens_;
  std::vector<uint64_t> singles_;
  std::unordered_map<uint64_t, uint64_t> pairs_;
};

} // namespace

void text_dataset::example_list::add(size_t text, uint64_t begin, uint64_t end,
                                     uint64_t targets) {
  if (begin + targets > end)
    return;
  auto count = (end - begin - targets) / stride + 1;
  stretches.push_back(
      {size, text, begin, begin + (count - 1) * stride + targets});
  size += count;
}

text_dataset::text_dataset(corpus texts, const data_settings& how)
    : corpus_(std::move(texts)), sequences_(how.sequences),
      seen_(how.sequences ? 1 : how.context),
      targets_(how.sequences ? how.context : how.time_steps) {
  validate_.stride = targets_;
  for (size_t i = 0; i < corpus_.texts.size(); ++i) {
    const auto& text = corpus_.texts[i];
    train_.add(i, seen_, text.training, targets_);
    validate_.add(i, std::max<uint64_t>(text.training, seen_),
                  text.tokens.size(), targets_);
  }
}

result<std::shared_ptr<const dataset>>
text_dataset::make(corpus texts, const data_settings& how) {
  std::shared_ptr<text_dataset> out{new text_dataset{std::move(texts), how}};
  for (auto part : {split::train, split::validation})
    if (out->size(part) == 0)
      return fail(ec::invalid_data,
                  "{}: has no example for {}: with data.context = {}, "
                  "data.time_steps = {} and data.validation = {} its texts are "
                  "too short",
                  how.path, part == split::train ? "training" : "validation",
                  how.context, how.time_steps, how.validation);
  return std::shared_ptr<const dataset>{std::move(out)};
}

data_shape text_dataset::shape() const {
  auto tokens = corpus_.characters.size();
  return {.input_width = seen_,
          .tokens = tokens,
          .output_width = tokens,
          .time_steps = sequences_ ? 1 : targets_,
          .context = sequences_ ? targets_ : 1};
}

const text_dataset::example_list& text_dataset::of(split part) const {
  return part == split::train ? train_ : validate_;
}

uint64_t text_dataset::size(split part) const {
  return of(part).size;
}

examples text_dataset::gather(split part,
                              const std::vector<uint64_t>& indices) const {
  const auto& all = of(part);
  const auto& stretches = all.stretches;
  auto rows = indices.size() * (sequences_ ? targets_ : 1);
  auto targets_of_row = uint64_t{sequences_ ? 1 : targets_};
  tensor_builder<int32_t> inputs{{rows, targets_of_row * seen_}};
  tensor_builder<int32_t> labels{{rows, targets_of_row}};
  auto input = inputs.values().begin();
  auto label = labels.values().begin();
  for (auto index : indices) {
    auto after = std::upper_bound(
        stretches.begin(), stretches.end(), index,
        [](uint64_t i, const stretch& x) { return i < x.first; });
    const auto& found = *std::prev(after);
    const auto& text = corpus_.texts[found.text].tokens;
    auto target = text.begin()
                  + static_cast<ptrdiff_t>(
                      found.begin + (index - found.first) * all.stride);
    for (uint32_t t = 0; t < targets_; ++t, ++target) {
      input = std::copy(target - seen_, target, input);
      *label++ = *target;
    }
  }
  return {std::move(inputs).share(), std::move(labels).share()};
}

const vocabulary* text_dataset::characters() const {
  return &corpus_.characters;
}

double text_dataset::characters_per_token() const {
  uint64_t characters = 0, tokens = 0;
  for (const auto& text : corpus_.texts) {
    characters += text.validation_characters;
    tokens += text.tokens.size() - text.training;
  }
  return static_cast<double>(characters) / static_cast<double>(tokens);
}

std::string text_dataset::summary() const {
  uint64_t characters = 0, tokens = 0;
  for (const auto& text : corpus_.texts) {
    characters += text.characters;
    tokens += text.tokens.size();
  }
  auto kinds = format_count(corpus_.characters.size());
  auto made =
      corpus_.characters.has_bytes()
          ? fmt::format(" in {} of {} kinds", counted(tokens, "token"), kinds)
          : fmt::format(", {} of them different", kinds);
  return fmt::format(
      "{} of {}{}; {} to train on and {} to validate with",
      counted(corpus_.texts.size(), "text"), counted(characters, "character"),
      made, counted(train_.size, "example"), format_count(validate_.size));
}

dataset::reference text_dataset::baseline() const {
  bigram_counts counts{corpus_.characters.size()};
  for (const auto& text : corpus_.texts)
    for (uint64_t i = 1; i < text.training; ++i)
      counts.add(text.tokens[i - 1], text.tokens[i]);
  double sum = 0;
  uint64_t count = 0;
  for (const auto& part : validate_.stretches) {
    const auto& tokens = corpus_.texts[part.text].tokens;
    for (auto i = part.begin; i < part.end; ++i)
      sum += counts.loss(tokens[i - 1], tokens[i]);
    count += part.end - part.begin;
  }
  return {"bigram count model", sum / static_cast<double>(count)};
}

} // namespace nnactor
