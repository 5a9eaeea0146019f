#include "engine/networks.hpp"
#include "support/networks.hpp"
#include "support/sanitized.hpp"
#include "support/transformer_reference.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr uint64_t examples = 4;

/// Tokens drawn from a seed, and what comes after them.
batch any_tokens(const network& net, uint64_t seed) {
  shape extent{examples * net.context, 1};
  counter_random random{seed, 6};
  auto tokens = net.layers.front().tokens;
  tensor_builder<int32_t> inputs{extent};
  tensor_builder<int32_t> targets{extent};
  for (uint64_t i = 0; i < extent.rows; ++i) {
    inputs.values()[i] = static_cast<int32_t>(random.bits(2 * i) % tokens);
    targets.values()[i] = static_cast<int32_t>(random.bits(2 * i + 1) % tokens);
  }
  return {std::move(inputs).share(), std::move(targets).share()};
}

/// After one step, its momentum holds the gradient.
train_settings one_step(uint32_t micro_batches = 1) {
  auto how = settings_for(examples, optimizer_kind::sgd, 0.1f);
  how.micro_batches = micro_batches;
  return how;
}

/// How far gradients are from those of the reference, the largest of which is
/// 1, and how many there are.
struct distance {
  double worst = 0;
  uint64_t values = 0;
};

class expected_gradients {
public:
  expected_gradients(const network& net, const batch& data)
      : net_(net), parameters_(drawn_parameters(net, 1)),
        of_(net, one_step(), parameters_) {
    loss_ = of_.differentiate(data.inputs, data.targets);
    for (const auto& x : net.layers)
      for (const auto& p : x.parameter_rows())
        for (auto value : of_.gradient(x.name, p.name).values)
          largest_ = std::max(largest_, std::abs(value));
  }

  const std::vector<parameter_set>& parameters() const {
    return parameters_;
  }

  double loss() const {
    return loss_;
  }

  distance from(const std::vector<parameter_set>& saved) const {
    distance out;
    for (const auto& set : saved)
      for (const auto& p : net_.layers[set.layer].parameter_rows()) {
        auto found = std::ranges::find(set.parameters, "sgd.v." + p.name,
                                       &parameter::name);
        if (found != set.parameters.end())
          compare(set, p, found->values, out);
      }
    out.worst /= std::max(1.0, largest_);
    return out;
  }

private:
  void compare(const parameter_set& set, const layer_parameter& p,
               const tensor& found, distance& out) const {
    const auto& of = net_.layers[set.layer];
    const auto& expected = of_.gradient(of.name, p.name);
    for (uint64_t slot = 0; slot < set.neurons.size(); ++slot)
      for (uint64_t c = 0; c < p.columns; ++c, ++out.values) {
        auto unit = set.neurons.id_at(slot) - of.first;
        auto value = found.values<float>()[slot * p.columns + c];
        auto apart =
            std::abs(static_cast<double>(value) - expected.at(unit, c));
        if (!(apart <= out.worst)) // it may be no number
          out.worst = apart;
      }
  }

  const network& net_;
  std::vector<parameter_set> parameters_;
  transformer_reference of_;
  double loss_ = 0;
  double largest_ = 0;
};

/// What a step leaves behind, from the same parameters as the reference.
struct stepped {
  double loss = 0;
  std::vector<parameter_set> saved;
};

/// Replaces parameters by those of another split, leaves state of optimizers.
void replace(std::vector<parameter_set>& sets, const group_graph& graph,
             const std::vector<parameter_set>& by) {
  auto given = regroup(by, graph);
  for (auto& set : sets) {
    auto same = std::ranges::find_if(given, [&](const parameter_set& x) {
      return x.layer == set.layer && x.neurons == set.neurons;
    });
    if (same == given.end())
      continue;
    for (auto& p : set.parameters) {
      auto found =
          std::ranges::find(same->parameters, p.name, &parameter::name);
      if (found != same->parameters.end())
        p.values = found->values;
    }
  }
}

stepped step_once(const network& net, const group_graph& graph, device& dev,
                  const std::vector<parameter_set>& from, const batch& data,
                  uint32_t micro_batches) {
  plain_loop loop{net, graph, one_step(micro_batches), dev};
  auto start = loop.save();
  replace(start, graph, from);
  if (auto err = loop.load(start, 0))
    throw std::runtime_error(explain(err));
  stepped out;
  out.loss = loop.step(data.inputs, data.targets);
  out.saved = loop.save();
  return out;
}

std::string described(const network& net) {
  std::string out = fmt::format("context {}", net.context);
  for (const auto& x : net.layers)
    out += fmt::format(
        "; {}: {} of {}, {} wide, bias {}, tied {}, norm {}, head {} "
        "x {}, window {}, causal {}, rotary {}, head norm {}",
        x.name, to_string(x.kind), x.units, x.width, x.bias, x.tied,
        to_string(x.norm.kind), x.attention.head_size, x.attention.queries,
        x.attention.window, x.attention.causal, x.attention.rotary_base,
        to_string(x.attention.head_norm));
  return out;
}

/// What is wrong with the gradients of a partition on a device.
std::string complaint(const network& net, const group_graph& graph, device& dev,
                      const batch& data, const expected_gradients& expected,
                      uint32_t micro_batches) {
  auto found =
      step_once(net, graph, dev, expected.parameters(), data, micro_batches);
  auto apart = expected.from(found.saved);
  if (apart.values != net.parameter_count())
    return fmt::format("{} gradients for {} parameters", apart.values,
                       net.parameter_count());
  if (!(std::abs(found.loss - expected.loss()) < 1e-5 * (1 + expected.loss())))
    return fmt::format("a loss of {} instead of {}", found.loss,
                       expected.loss());
  return apart.worst < 2e-5 ? std::string{}
                            : fmt::format("a gradient is {} away", apart.worst);
}

void check_everywhere(const network& net) {
  auto data = any_tokens(net, 5);
  expected_gradients expected{net, data};
  auto devices = all_devices();
  std::vector<named_partition> all{
      {"whole", {{neuron_set::range(0, net.neuron_count())}}},
      {"dealt to two", dealt(net, 2, 3)},
      {"dealt to five", dealt(net, 5, 11)},
      {"first neurons apart", firsts_apart(net)}};
  for (const auto& of : all)
    for (auto& dev : devices)
      for (uint32_t micro_batches : {1, 2}) {
        CAPTURE(of.name);
        CAPTURE(dev->name());
        CAPTURE(micro_batches);
        CHECK(complaint(net, make_group_graph(net, of.parts), *dev, data,
                        expected, micro_batches)
              == "");
      }
}

/// One block of everything that may be set.
struct one_block {
  norm_settings norm = {norm_kind::rms, 1e-5};
  bool bias = false;
  attention_settings attention = {.head_size = 4};
  activation act = activation::gelu;
  bool gated = false;
  bool positions = false;
  transformer_variant variant = {};
  uint32_t context = 5;
  uint64_t heads = 3;

  network make() const {
    transformer_writer out{7, positions ? context + uint64_t{1} : 0, 9,
                           variant.tied};
    out.stream(norm, bias);
    out.attention(heads, attention, bias);
    if (variant.post_norm)
      out.carry();
    out.stream(norm, bias);
    out.mlp(6, act, gated, bias);
    if (variant.post_norm)
      out.carry();
    out.read_again(0);
    out.stream(norm, bias);
    return out.finish(context);
  }
};

} // namespace

TEST_CASE("gradients of small transformers of two families") {
  check_everywhere(small_gpt(1));
  check_everywhere(small_llama(1));
  transformer_variant both{.post_norm = true, .tied = true};
  check_everywhere(small_gpt(1, 24, 4, 8, 11, both));
  check_everywhere(small_llama(1, 32, 8, 2, 8, 11, both));
}

TEST_CASE("gradients through every norm, with biases and without") {
  for (auto norm : {norm_kind::none, norm_kind::rms, norm_kind::layer})
    for (auto bias : {false, true})
      for (auto post_norm : {false, true}) {
        CAPTURE(to_string(norm));
        CAPTURE(bias);
        CAPTURE(post_norm);
        one_block how;
        how.norm.kind = norm;
        how.bias = bias;
        how.positions = bias;
        how.variant.post_norm = post_norm;
        check_everywhere(how.make());
      }
}

TEST_CASE("gradients of a stream that reads another one with its norm and "
          "without") {
  transformer_writer out{7, 0, 9};
  out.stream({norm_kind::layer, 1e-5}, false);
  out.mlp(6, activation::gelu, false, false);
  out.carry();
  out.read_again(0);
  out.stream({norm_kind::rms, 1e-5}, false);
  check_everywhere(out.finish(3));
}

TEST_CASE("gradients of embeddings that are tied to the vocabulary") {
  for (auto post_norm : {false, true})
    for (auto positions : {false, true}) {
      CAPTURE(post_norm);
      CAPTURE(positions);
      one_block how;
      how.variant = {.post_norm = post_norm, .tied = true};
      how.positions = positions;
      check_everywhere(how.make());
    }
}

TEST_CASE("gradients through every kind of attention") {
  std::vector<attention_settings> all(9, {.head_size = 4});
  all[1].causal = false;
  all[2].window = 2;
  all[3].queries = 3;
  all[4].rotary_base = 100;
  all[5].rotary_base = 100;
  all[5].rotary_scale = 0.5;
  all[6].head_norm = norm_kind::rms;
  all[7] = {.head_size = 6,
            .queries = 2,
            .window = 3,
            .rotary_base = 10000,
            .rotary_scale = 4,
            .head_norm = norm_kind::rms};
  all[8] = {.head_size = 1, .window = UINT64_MAX};
  for (size_t i = 0; i < all.size(); ++i)
    for (auto bias : {false, true}) {
      CAPTURE(i);
      CAPTURE(bias);
      one_block how;
      how.attention = all[i];
      how.bias = bias;
      check_everywhere(how.make());
    }
}

TEST_CASE("gradients through every mlp") {
  for (auto act : {activation::relu, activation::gelu, activation::silu})
    for (auto gated : {false, true})
      for (auto bias : {false, true}) {
        if (gated && act == activation::relu)
          continue;
        CAPTURE(to_string(act));
        CAPTURE(gated);
        one_block how;
        how.act = act;
        how.gated = gated;
        how.bias = bias;
        check_everywhere(how.make());
      }
}

TEST_CASE("gradients of sequences of one token, and of one head") {
  one_block how;
  how.context = 1;
  how.heads = 1;
  check_everywhere(how.make());
}

TEST_CASE("gradients of any transformer in any partition") {
  CHECK(rc::check("engine and reference agree", [] {
    if (sanitized && *rc::gen::inRange(0, 8) > 0)
      return;
    auto net = any_transformer();
    auto parts = any_partition(net);
    auto micro_batches = *rc::gen::element<uint32_t>(1, 2, 4);
    auto data = any_tokens(net, *rc::gen::inRange<uint64_t>(0, 1000));
    RC_LOG() << described(net);
    expected_gradients expected{net, data};
    auto graph = make_group_graph(net, parts);
    for (auto make : {make_reference_device, make_cpu_device}) {
      auto dev = make();
      auto wrong = complaint(net, graph, *dev, data, expected, micro_batches);
      RC_LOG() << dev->name() << ": " << wrong;
      RC_ASSERT(wrong.empty());
    }
  }));
}
