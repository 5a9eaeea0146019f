#include "nnactor/run/sampler.hpp"

#include "nnactor/engine/columns.hpp"
#include "nnactor/neuron/random.hpp"
#include "nnactor/utf8.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

int32_t draw(std::span<const float> probabilities, float temperature,
             double uniform) {
  auto best = std::max_element(probabilities.begin(), probabilities.end());
  if (temperature <= 0)
    return static_cast<int32_t>(best - probabilities.begin());
  std::vector<double> weights;
  double sum = 0;
  for (auto p : probabilities) {
    weights.push_back(std::pow(static_cast<double>(p / *best),
                               1.0 / static_cast<double>(temperature)));
    sum += weights.back();
  }
  auto left = uniform * sum;
  for (size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0)
      return static_cast<int32_t>(i);
  }
  return static_cast<int32_t>(weights.size() - 1);
}

namespace {

// What comes before a prompt: the end of a line is the most natural context
// that every text knows.
int32_t padding(const vocabulary& characters) {
  auto tokens = characters.encode("\n");
  return tokens.empty() ? 0 : tokens.front();
}

} // namespace

seen_tokens seen_by(const network& net) {
  if (net.context > 1)
    return {1, net.context};
  auto all = net.layers.front().width + net.time_steps - 1;
  return {all, all};
}

namespace {

/// What comes after a sequence's tokens changes no answer to them, so there may
/// be anything.
predictor predictor_of_sequence(uint32_t context, predictor infer) {
  return [=, infer = std::move(infer)](const tensor& seen) -> result<tensor> {
    tensor_builder<int32_t> inputs{{context, 1}};
    std::ranges::fill(inputs.values(), 0);
    std::ranges::copy(seen.values<int32_t>(), inputs.values().begin());
    auto answer = infer(std::move(inputs).share());
    if (!answer)
      return answer;
    auto width = answer->extent().columns;
    tensor_builder<float> last{{1, width}};
    std::ranges::copy(answer->values<float>().subspan(
                          (seen.extent().columns - 1) * width, width),
                      last.values().begin());
    return std::move(last).share();
  };
}

} // namespace

predictor predictor_of(const network& net, predictor infer) {
  if (net.context > 1)
    return predictor_of_sequence(net.context, std::move(infer));
  auto context = net.layers.front().width;
  auto steps = net.time_steps;
  return [=, infer = std::move(infer)](const tensor& seen) -> result<tensor> {
    tensor_builder<int32_t> inputs{{1, steps * context}};
    auto tokens = seen.values<int32_t>();
    for (uint32_t t = 0; t < steps; ++t)
      std::ranges::copy(tokens.subspan(t, context),
                        inputs.values().subspan(t * context).begin());
    auto answer = infer(std::move(inputs).share());
    return answer ? at_time(*answer, steps - 1, steps) : answer;
  };
}

namespace {

tensor softmax_of(std::span<const float> logits) {
  auto largest = std::ranges::max(logits);
  tensor_builder<float> out{{1, logits.size()}};
  auto sum = 0.0;
  for (size_t i = 0; i < logits.size(); ++i) {
    out.values()[i] = std::exp(logits[i] - largest);
    sum += static_cast<double>(out.values()[i]);
  }
  for (auto& x : out.values())
    x = static_cast<float>(static_cast<double>(x) / sum);
  return std::move(out).share();
}

} // namespace

predictor predictor_of(text_writer& writer) {
  return [&writer](const tensor& seen) -> result<tensor> {
    auto tokens = seen.values<int32_t>();
    tensor out;
    auto text = writer.begin({tokens.begin(), tokens.end()}, 1,
                             [&out](std::span<const float> logits) {
                               out = softmax_of(logits);
                               return std::optional<int32_t>{};
                             });
    if (!text)
      return text.error();
    while (out.empty())
      if (auto more = writer.step(); !more)
        return more.error();
    return out;
  };
}

caf::error generate(const vocabulary& characters, const seen_tokens& seen,
                    const std::string& prompt, const sampling& how,
                    const predictor& predict,
                    const std::function<void(const std::string&)>& show) {
  auto random = counter_random{how.seed, 0};
  std::string bytes; // Of a character of which there is only a part yet.
  auto tokens = std::vector<int32_t>(seen.least, padding(characters));
  for (auto token : characters.encode(prompt))
    tokens.push_back(token);
  for (uint32_t i = 0; i < how.characters; ++i) {
    auto count = std::min<uint64_t>(tokens.size(), seen.most);
    auto inputs = tensor_builder<int32_t>{{1, count}};
    std::copy(tokens.end() - static_cast<ptrdiff_t>(count), tokens.end(),
              inputs.values().begin());
    auto answer = predict(std::move(inputs).share());
    if (!answer)
      return answer.error();
    auto uniform = static_cast<double>(random.bits(i) >> 11) * 0x1p-53;
    tokens.push_back(draw(answer->values<float>(), how.temperature, uniform));
    bytes += characters.decode(tokens.back());
    if (auto text = take_characters(bytes); !text.empty())
      show(text);
  }
  // The beginning of a character that did not come to its end.
  if (!bytes.empty())
    show(encode_code_point(0xfffd));
  return caf::none;
}

} // namespace nnactor
