#include "nnactor/address.hpp"
#include "nnactor/config/sections.hpp"
#include "nnactor/enum_names.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <string_view>

namespace nnactor {

namespace {

constexpr auto unbounded = std::numeric_limits<double>::infinity();
constexpr real_range positive{0, unbounded, false, false};
constexpr real_range not_negative{0, unbounded, true, false};
constexpr real_range decay{0, 1, true, false};
constexpr real_range inner_share{0, 1, false, false};

constexpr integer_range any_seed{0, INT64_MAX};
constexpr integer_range at_least_one{1, INT64_MAX};
constexpr integer_range milliseconds{1, 3'600'000};
constexpr integer_range lease{0, 3'600'000};

void read_optimizer(section& from, optimizer_settings& into) {
  static const choices<optimizer_kind> kinds{{"sgd", optimizer_kind::sgd},
                                             {"adam", optimizer_kind::adam},
                                             {"adamw", optimizer_kind::adamw}};
  from.read("optimizer", into.kind, kinds);
  from.read("momentum", into.momentum, decay);
  from.read("beta1", into.beta1, decay);
  from.read("beta2", into.beta2, decay);
  from.read("epsilon", into.epsilon, positive);
  from.read("weight_decay", into.weight_decay, not_negative);
  from.read("clip", into.clip, not_negative);
}

void read_schedule(section& from, schedule_settings& into) {
  static const choices<schedule_kind> kinds{
      {"constant", schedule_kind::constant}, {"cosine", schedule_kind::cosine}};
  from.read("schedule", into.kind, kinds);
  from.read("rate", into.rate, positive);
  from.read("final_rate", into.final_rate, not_negative);
  from.read("warmup", into.warmup, any_seed);
}

void check_train(const section& from, const run_settings& how) {
  const auto& train = how.train;
  if (train.batch % train.micro_batches != 0)
    from.reject("micro_batches",
                fmt::format("is {}, which does not divide 'train.batch' = {}",
                            train.micro_batches, train.batch));
  if (train.schedule.warmup > how.steps)
    from.reject("warmup", fmt::format("is {}, more than 'train.steps' = {}",
                                      train.schedule.warmup, how.steps));
}

void check_credentials(const section& from, const cluster_settings& how) {
  auto given = !how.who.certificate.empty() + !how.who.key.empty()
               + !how.who.authority.empty();
  if (given == 0 || given == 3)
    return;
  for (const auto* key : {"certificate", "key", "authority"})
    if (!from.has(key))
      return from.reject(key, "is missing: TLS needs certificate, key and "
                              "authority, all three or none");
}

/// Beats come so often that a shorter lease would end with one that is late.
void check_lease(const section& from, const cluster_settings& how) {
  constexpr uint32_t shortest = 1000;
  if (how.lease_ms != 0 && how.lease_ms < shortest)
    from.reject("lease_ms", fmt::format("is {} but must be 0 or at least {}",
                                        how.lease_ms, shortest));
}

/// Returns the bytes of a unit, 0 for what is none.
uint64_t unit_of(std::string_view text) {
  constexpr std::array<std::pair<const char*, uint64_t>, 7> units{{
      {"B", 1},
      {"kB", 1000},
      {"MB", 1'000'000},
      {"GB", 1'000'000'000},
      {"KiB", uint64_t{1} << 10},
      {"MiB", uint64_t{1} << 20},
      {"GiB", uint64_t{1} << 30},
  }};
  for (const auto& [name, bytes] : units)
    if (text == name)
      return bytes;
  return 0;
}

void check_addresses(const section& from, cluster_settings& how) {
  auto& all = how.addresses;
  for (auto i = all.begin(); i != all.end(); ++i) {
    auto where = parse_address(*i);
    if (!where)
      return from.reject("addresses", "is wrong: " + explain(where.error()));
    // However it was written, nodes know each other by one way to write it.
    *i = to_string(*where);
    if (std::find(all.begin(), i, *i) != i)
      from.reject("addresses", fmt::format("names '{}' twice", *i));
  }
}

void check_control(const section& from, cluster_settings& how) {
  auto where = parse_address(how.control, port_zero::any);
  if (where)
    how.control = to_string(*where);
  else
    from.reject("control", "is wrong: " + explain(where.error()));
}

using format = data_settings::format;

const choices<format> data_formats{
    {"text", format::text}, {"idx", format::idx}, {"noise", format::noise}};

/// No key may be there that its format has no use for.
void check_format(section& from, format kind) {
  static const std::vector<std::pair<const char*, std::vector<format>>> keys{
      {"path", {format::text, format::idx}},
      {"images", {format::idx}},
      {"labels", {format::idx}},
      {"context", {format::text}},
      {"tokens", {format::text}},
      {"time_steps", {format::text, format::noise}},
      {"inputs", {format::noise}},
      {"classes", {format::noise}},
      {"examples", {format::noise}}};
  for (const auto& [key, formats] : keys) {
    if (!from.has(key) || std::ranges::find(formats, kind) != formats.end())
      continue;
    std::vector<std::string> names;
    for (const auto& x : data_formats)
      if (std::ranges::find(formats, x.second) != formats.end())
        names.push_back(fmt::format("\"{}\"", x.first));
    from.reject(key, fmt::format("only goes with format = {}",
                                 fmt::join(names, " or ")));
  }
}

const auto device_kinds =
    choices_of({device_kind::cpu, device_kind::gpu, device_kind::emulated_gpu});

const auto precisions = choices_of({precision::float32, precision::bfloat16});

} // namespace

const char* to_string(device_kind kind) {
  constexpr enum_names<device_kind, 3> names{{"cpu", "gpu", "gpu:emulated"}};
  return names.name_of(kind);
}

void read_bytes(section& from, const std::string& key, uint64_t& into) {
  const auto* node = from.has(key) ? from.take(key) : nullptr;
  const auto* text = node != nullptr ? node->as_string() : nullptr;
  if (text == nullptr)
    return from.read(key, into, at_least_one);
  const auto& word = text->get();
  uint64_t number = 0;
  auto [end, failure] =
      std::from_chars(word.data(), word.data() + word.size(), number);
  auto rest = std::string_view{end, word.data() + word.size()};
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  auto unit = unit_of(rest);
  if (failure != std::errc{} || number == 0 || unit == 0
      || number > (uint64_t{1} << 60) / unit)
    return from.reject(key, fmt::format("is '{}' but must be bytes such as "
                                        "\"2 GiB\" or \"500 MB\"",
                                        word));
  into = number * unit;
}

data_settings read_data(section from) {
  data_settings out;
  out.where = from.where();
  out.path_where = from.where("path");
  from.read("format", out.kind, data_formats);
  from.read("path", out.path);
  from.read("images", out.images);
  from.read("labels", out.labels);
  from.read("context", out.context, integer_range{1, 65536});
  // Each byte is a token, and at least one is made of two.
  from.read("tokens", out.tokens, integer_range{257, 1'000'000});
  from.read("time_steps", out.time_steps, integer_range{1, 65536});
  from.read("inputs", out.inputs, integer_range{1, 1 << 24});
  from.read("classes", out.classes, integer_range{2, 1 << 24});
  from.read("examples", out.examples, integer_range{2, 1 << 24});
  check_format(from, out.kind);
  from.read("validation", out.validation, inner_share);
  from.finish();
  if (!from.has("path") && out.kind != format::noise)
    from.reject("path", "is missing: name a file or folder of data");
  return out;
}

run_settings read_train(section from) {
  run_settings out;
  out.where = from.where();
  from.read("steps", out.steps, at_least_one);
  from.read("batch", out.train.batch, integer_range{1, 1 << 20});
  from.read("micro_batches", out.train.micro_batches,
            integer_range{1, 1 << 20});
  from.read("window", out.train.window, integer_range{1, 64});
  from.read("seed", out.train.seed, any_seed);
  from.read("precision", out.train.compute, precisions);
  from.read("recompute", out.train.recompute);
  from.read("evaluate_every", out.evaluate_every, at_least_one);
  from.read("evaluate_examples", out.evaluate_examples,
            integer_range{0, UINT32_MAX});
  from.read("stop_at_loss", out.stop_at_loss, not_negative);
  read_optimizer(from, out.train.optimizer);
  read_schedule(from, out.train.schedule);
  from.read("sample", out.sample, integer_range{0, 1'000'000});
  from.read("temperature", out.temperature, positive);
  from.finish();
  check_train(from, out);
  out.train.schedule.steps = out.steps;
  return out;
}

cluster_settings read_cluster(section from) {
  cluster_settings out;
  out.where = from.where();
  from.read("nodes", out.nodes, integer_range{1, 1024});
  from.read("devices", out.devices, integer_range{1, 1024});
  from.read("device", out.device, device_kinds);
  from.read("addresses", out.addresses);
  from.read("link", out.link, precisions);
  from.read("control", out.control);
  read_bytes(from, "memory", out.memory);
  from.read("connect_timeout_ms", out.connect_timeout_ms, milliseconds);
  from.read("lease_ms", out.lease_ms, lease);
  check_lease(from, out);
  from.read("step_timeout_ms", out.step_timeout_ms, milliseconds);
  from.read("certificate", out.who.certificate);
  from.read("key", out.who.key);
  from.read("authority", out.who.authority);
  from.finish();
  check_addresses(from, out);
  check_credentials(from, out);
  check_control(from, out);
  return out;
}

store_settings read_store(section from) {
  store_settings out;
  out.where = from.where();
  from.read("path", out.path);
  from.read("keep", out.keep, integer_range{1, 1000});
  from.read("every", out.every, any_seed);
  from.finish();
  return out;
}

} // namespace nnactor
