#include "nnactor/run/text_writer.hpp"

namespace nnactor {

caf::error check_writing(const network& net) {
  if (net.output().kind != layer_kind::vocabulary)
    return fail(ec::invalid_argument,
                "layer '{}' is no vocabulary: only transformers keep what they "
                "have read",
                net.output().name);
  for (const auto& x : net.layers) {
    if (x.kind == layer_kind::attention && !x.attention.causal)
      return fail(ec::invalid_argument,
                  "layer '{}' looks at what comes after, which a text that is "
                  "being written has not yet",
                  x.name);
    if (x.kind == layer_kind::dense || x.kind == layer_kind::sparse
        || x.kind == layer_kind::embedding)
      return fail(ec::invalid_argument,
                  "layer '{}' is no layer of a transformer", x.name);
  }
  return {};
}

text_writer::text_writer(const cache_limits& limits, round_computer compute)
    : compute_(std::move(compute)), schedule_(limits) {
}

result<text_id> text_writer::begin(std::vector<int32_t> prompt, uint64_t more,
                                   chooser choose) {
  auto id = schedule_.add(std::move(prompt), more);
  if (id)
    texts_.emplace(*id, writing{std::move(choose), more});
  return id;
}

void text_writer::end(text_id text) {
  schedule_.end(text);
  texts_.erase(text);
}

result<bool> text_writer::step() {
  auto next = schedule_.next();
  if (!next)
    return false;
  auto rows = compute_(cache_, next->what, next->tokens);
  if (!rows)
    return rows.error();
  if (rows->cache != cache_ || rows->logits.empty()) {
    cache_ = rows->cache;
    schedule_.forget();
    return true;
  }
  auto width = rows->logits.extent().columns;
  auto logits = rows->logits.values<float>();
  for (size_t i = 0; i < next->answers.size(); ++i)
    if (next->answers[i].is_next)
      take(next->answers[i].text, logits.subspan(i * width, width));
  return true;
}

void text_writer::take(text_id text, std::span<const float> logits) {
  auto found = texts_.find(text);
  auto token = found->second.choose(logits);
  if (!token || --found->second.left == 0)
    return end(text);
  schedule_.go_on(text, *token);
}

} // namespace nnactor
