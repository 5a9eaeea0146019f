#include "nnactor/store/safetensors.hpp"

#include "nnactor/lfs_pointer.hpp"
#include "nnactor/store/run_lease.hpp"
#include "nnactor/store/slice_check.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

namespace nnactor {

namespace {

using nlohmann::json;

/// The specification allows no longer header.
constexpr uint64_t longest_header = 100'000'000;

/// Tensors begin at a multiple of it.
constexpr uint64_t alignment = 8;

constexpr const char* manifest_key = "nnactor.manifest";

/// A tensor of the file.
struct entry {
  layer_id layer = 0;
  std::string parameter;
  shape extent;
  bool is_vector = false; ///< Its shape there is [rows].
  uint64_t begin = 0;     ///< In the data behind the header.
  uint64_t end = 0;
};

std::string name_of(const network& net, const entry& x) {
  return net.layers[x.layer].name + "." + x.parameter;
}

std::string to_hex(const std::vector<std::byte>& bytes) {
  std::string out;
  for (auto x : bytes)
    out += fmt::format("{:02x}", static_cast<unsigned>(x));
  return out;
}

/// Empty unless the text is the hexadecimal form of bytes.
std::vector<std::byte> from_hex(const std::string& text) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  std::vector<std::byte> out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0)
      return {};
    out.push_back(
        static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return text.size() % 2 == 0 ? out : std::vector<std::byte>{};
}

/// Every parameter of every layer, laid out one after the other.
std::vector<entry> entries_of(const manifest& what) {
  std::map<std::pair<layer_id, std::string>, uint64_t> columns;
  for (const auto& x : what.slices)
    columns.emplace(std::pair{x.layer, x.parameter}, x.columns);
  std::vector<entry> out;
  uint64_t end = 0;
  for (const auto& [key, width] : columns) {
    auto& x = out.emplace_back();
    x.layer = key.first;
    x.parameter = key.second;
    auto& of = what.net.layers[x.layer];
    x.extent = {of.units, width};
    x.is_vector = !parameter_of(of, x.parameter)->multiplies;
    x.begin = end;
    x.end = end += x.extent.size() * sizeof(float);
  }
  return out;
}

std::string header_of(const manifest& what, const std::vector<entry>& all) {
  auto bare = what;
  bare.slices.clear();
  json out{{"__metadata__",
            {{"format", "nnactor"}, {manifest_key, to_hex(encode(bare))}}}};
  for (const auto& x : all) {
    json extent{x.extent.rows};
    if (!x.is_vector)
      extent.push_back(x.extent.columns);
    out[name_of(what.net, x)] = {{"dtype", "F32"},
                                 {"shape", extent},
                                 {"data_offsets", {x.begin, x.end}}};
  }
  auto text = out.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
  return text;
}

caf::error write(model_store& from, const manifest& what,
                 const std::vector<entry>& all, filesystem::writer& file) {
  auto header = header_of(what, all);
  auto length = static_cast<uint64_t>(header.size());
  if (auto err = file.append(std::as_bytes(std::span{&length, 1})))
    return err;
  if (auto err = file.append(std::as_bytes(std::span{header})))
    return err;
  std::optional<parameter_set> values;
  for (const auto& x : all) {
    if (!values || values->layer != x.layer) {
      auto read = from.read(what, x.layer, what.net.layers[x.layer].neurons());
      if (!read)
        return read.error();
      values = std::move(*read);
    }
    auto found =
        std::ranges::find(values->parameters, x.parameter, &parameter::name);
    auto& bytes = found->values.bytes();
    if (auto err = file.append({bytes.data(), bytes.size()}))
      return err;
  }
  return file.finish();
}

// -- reading ------------------------------------------------------------------

caf::error damaged(const std::string& path, const std::string& what) {
  return fail(ec::store_corrupt, "{}: {}", path, what);
}

/// Parses JSON in which no object has a key twice; a discarded value if it is
/// not such.
json parse_header(const std::string& text) {
  std::vector<std::set<std::string>> keys;
  auto doubled = false;
  auto check = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start)
      keys.emplace_back();
    else if (event == json::parse_event_t::object_end)
      keys.pop_back();
    else if (event == json::parse_event_t::key)
      doubled = !keys.back().insert(value.get<std::string>()).second || doubled;
    return true;
  };
  auto out = json::parse(text, check, false);
  return doubled ? json(json::value_t::discarded) : out;
}

result<json> read_header(filesystem& fs, const std::string& path,
                         uint64_t& data) {
  auto size = fs.size(path);
  if (!size)
    return size.error();
  uint64_t length = 0;
  if (*size < sizeof(length))
    return damaged(path, "is shorter than the length of its header");
  if (auto err =
          fs.read(path, 0, std::as_writable_bytes(std::span{&length, 1})))
    return err;
  if (length > longest_header || length > *size - sizeof(length)) {
    std::string start(std::min<uint64_t>(*size, 64), ' ');
    if (auto err = fs.read(path, 0, std::as_writable_bytes(std::span{start})))
      return err;
    if (is_lfs_pointer(start))
      return lfs_pointer(path, ec::invalid_data);
    return damaged(path,
                   fmt::format("says that its header has {} bytes; either it "
                               "is cut off or no safetensors file",
                               length));
  }
  std::string text(length, ' ');
  if (auto err = fs.read(path, sizeof(length),
                         std::as_writable_bytes(std::span{text})))
    return err;
  auto header = text.starts_with('{') ? parse_header(text)
                                      : json(json::value_t::discarded);
  if (!header.is_object())
    return damaged(path, "its header is not a JSON object with keys of their "
                         "own");
  data = *size - sizeof(length) - length;
  return header;
}

/// Reads an array of exactly that many whole numbers; nothing if it is not.
std::optional<std::vector<uint64_t>> numbers(const json& from,
                                             const char* key) {
  auto at = from.find(key);
  if (at == from.end() || !at->is_array())
    return std::nullopt;
  std::vector<uint64_t> out;
  for (const auto& x : *at) {
    if (!x.is_number_unsigned())
      return std::nullopt;
    out.push_back(x.get<uint64_t>());
  }
  return out;
}

caf::error check_entry(const std::string& path, const std::string& name,
                       const json& from, entry& out) {
  auto wrong = [&](const char* what) {
    return damaged(path, fmt::format("tensor '{}' {}", name, what));
  };
  if (!from.is_object() || from.size() != 3 || !from.contains("dtype"))
    return wrong("has not exactly dtype, shape and data_offsets");
  if (from["dtype"] != "F32")
    return wrong("is not of dtype F32");
  auto extent = numbers(from, "shape");
  auto range = numbers(from, "data_offsets");
  if (!extent || !range || range->size() != 2)
    return wrong("has no valid shape or data_offsets");
  if (extent->size() != (out.is_vector ? 1u : 2u)
      || extent->front() != out.extent.rows
      || extent->back()
             != (out.is_vector ? out.extent.rows : out.extent.columns))
    return wrong("has another shape than the layer");
  out.begin = range->front();
  out.end = range->back();
  if (out.begin > out.end
      || out.end - out.begin != out.extent.size() * sizeof(float))
    return wrong("has data_offsets that do not fit its shape");
  return caf::none;
}

/// Checks that tensors follow each other and fill the data.
caf::error check_layout(const std::string& path, std::vector<entry> all,
                        uint64_t data) {
  std::ranges::sort(all, {}, &entry::begin);
  uint64_t next = 0;
  for (const auto& x : all) {
    if (x.begin != next)
      return damaged(path, fmt::format("has {} at byte {} of its data",
                                       x.begin > next ? "a gap" : "two tensors",
                                       std::min(x.begin, next)));
    next = x.end;
  }
  if (next != data)
    return damaged(path, fmt::format("has {} bytes of data, its header speaks "
                                     "of {}",
                                     data, next));
  return caf::none;
}

/// The parameters of a layer and the state that optimizers keep for them.
std::vector<layer_parameter> rows_with_state(const layer& x) {
  std::vector<layer_parameter> out;
  for (const auto* prefix : {"", "adam.m.", "adam.v.", "sgd.v."})
    for (auto& row : x.parameter_rows())
      out.push_back({prefix + row.name, row.columns, row.multiplies});
  return out;
}

result<std::vector<entry>>
read_entries(const std::string& path, const json& header, const network& net) {
  std::vector<entry> out;
  for (layer_id id = 0; id < net.layers.size(); ++id)
    for (auto& row : rows_with_state(net.layers[id])) {
      entry x{
          id, row.name, {net.layers[id].units, row.columns}, !row.multiplies};
      auto at = header.find(name_of(net, x));
      if (at == header.end())
        continue;
      if (auto err = check_entry(path, name_of(net, x), *at, x))
        return err;
      out.push_back(std::move(x));
    }
  if (out.size() + 1 != header.size())
    return damaged(path, "has tensors that its network has not");
  return out;
}

result<manifest> read_manifest(const std::string& path, const json& header) {
  auto metadata = header.find("__metadata__");
  if (metadata == header.end() || !metadata->is_object()
      || !metadata->contains(manifest_key)
      || !(*metadata)[manifest_key].is_string())
    return fail(
        ec::invalid_data,
        "{}: was not written by `nnactor model export`: it has tensors, "
        "but says nothing of the network that they belong to",
        path);
  auto bytes = from_hex((*metadata)[manifest_key].get<std::string>());
  auto what = decode_manifest(bytes);
  if (!what)
    return damaged(path, explain(what.error()));
  return what;
}

/// A network that holds one such value answers with nothing else.
caf::error check_finite(const std::string& path, const std::string& name,
                        std::span<const float> values, const entry& x) {
  auto bad = std::ranges::find_if_not(values,
                                      [](float v) { return std::isfinite(v); });
  if (bad == values.end())
    return caf::none;
  auto at = static_cast<uint64_t>(bad - values.begin());
  auto index = x.is_vector ? fmt::format("{}", at)
                           : fmt::format("{}, {}", at / x.extent.columns,
                                         at % x.extent.columns);
  return fail(ec::invalid_data,
              "{}: tensor '{}' holds {} at [{}]; a model must hold finite "
              "numbers only",
              path, name, *bad, index);
}

result<std::vector<parameter_set>>
read_tensors(filesystem& fs, const std::string& path, const network& net,
             const std::vector<entry>& all, uint64_t first) {
  std::vector<parameter_set> out;
  for (const auto& x : all) {
    if (out.empty() || out.back().layer != x.layer)
      out.push_back({x.layer, net.layers[x.layer].neurons(), {}});
    tensor_builder<float> values{x.extent};
    auto into = std::as_writable_bytes(values.values());
    if (auto err = fs.read(path, first + x.begin, into))
      return err;
    if (auto err = check_finite(path, name_of(net, x), values.values(), x))
      return err;
    out.back().parameters.push_back({x.parameter, std::move(values).share()});
  }
  return out;
}

} // namespace

caf::error export_safetensors(model_store& from, const manifest& what,
                              filesystem& fs, const std::string& path) {
  auto file = fs.create(path);
  if (!file)
    return file.error();
  auto err = write(from, what, entries_of(what), **file);
  if (err)
    fs.remove(path);
  return err;
}

result<manifest> import_safetensors(filesystem& fs, const std::string& path,
                                    model_store& to) {
  uint64_t data = 0;
  auto header = read_header(fs, path, data);
  if (!header)
    return header.error();
  auto next = read_manifest(path, *header);
  if (!next)
    return next.error();
  auto all = read_entries(path, *header, next->net);
  if (!all)
    return all.error();
  if (auto err = check_layout(path, *all, data))
    return err;
  auto size = fs.size(path);
  auto groups =
      read_tensors(fs, path, next->net, *all, size ? *size - data : 0);
  if (!groups)
    return groups.error();
  // Also one that is damaged, and one that a run is about to save.
  auto existing = to.generations();
  if ((existing && !existing->empty()) || find_live_run(fs, to.folder()))
    return fail(ec::invalid_argument,
                "{}: holds a model already; import into another folder",
                to.folder());
  auto epoch = to.claim_epoch();
  if (!epoch)
    return epoch.error();
  auto slices = to.write_slices(1, *epoch, "import", *groups);
  if (!slices)
    return slices.error();
  next->epoch = next->run = *epoch;
  next->slices = std::move(*slices);
  return to.commit(std::move(*next));
}

} // namespace nnactor
