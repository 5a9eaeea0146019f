#include "store/fixture.hpp"

#include "nnactor/store/names.hpp"

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

#include <cstring>

namespace nnactor::test {

namespace {

namespace fs = boost::filesystem;

network build(std::vector<layer_description> layers, const data_shape& data) {
  network_description what;
  what.layers = std::move(layers);
  auto net = build_network(what, data);
  REQUIRE_MESSAGE(net, explain(net.error()));
  return *net;
}

layer_description describe(const std::string& name, layer_kind kind,
                           uint64_t units) {
  layer_description out;
  out.name = name;
  out.kind = kind;
  out.units = units;
  return out;
}

parameter make_parameter(const std::string& name, const neuron_set& neurons,
                         uint64_t columns) {
  tensor_builder<float> values{{neurons.size(), columns}};
  auto out = values.values();
  for (uint64_t slot = 0; slot < neurons.size(); ++slot)
    for (uint64_t column = 0; column < columns; ++column)
      out[slot * columns + column] =
          value_of(name, neurons.id_at(slot), column);
  return {name, std::move(values).share()};
}

} // namespace

network small_network() {
  return build({describe("embedding", layer_kind::embedding, 3),
                describe("hidden", layer_kind::dense, 10),
                describe("out", layer_kind::dense, 0)},
               {2, 7, 5});
}

network wide_network() {
  return build({describe("hidden", layer_kind::dense, 500),
                describe("out", layer_kind::dense, 0)},
               {2000, 0, 3});
}

partition deal(const network& net, uint64_t parts) {
  std::vector<std::vector<neuron_id>> ids(parts);
  for (neuron_id id = 0; id < net.neuron_count(); ++id)
    ids[id % parts].push_back(id);
  partition out;
  for (auto& part : ids)
    out.parts.push_back(neuron_set::of(part));
  return out;
}

float value_of(const std::string& parameter, neuron_id id, uint64_t column) {
  uint64_t letters = 0;
  for (auto c : parameter)
    letters = letters * 31 + static_cast<unsigned char>(c);
  return static_cast<float>(id * 4096 + column)
         + static_cast<float>(letters % 64) / 64;
}

parameter_set parameters_of(const network& net, layer_id layer,
                            const neuron_set& neurons, bool state) {
  auto& owner = net.layers[layer];
  parameter_set out{layer, neurons, {}};
  for (std::string prefix : {"", "adam.m.", "adam.v."}) {
    if (!state && !prefix.empty())
      continue;
    for (const auto& x : owner.parameter_rows())
      out.parameters.push_back(
          make_parameter(prefix + x.name, neurons, x.columns));
  }
  return out;
}

std::vector<parameter_set> groups_of(const network& net, const neuron_set& part,
                                     bool state) {
  std::vector<parameter_set> groups;
  for (layer_id layer = 0; layer < net.layers.size(); ++layer) {
    auto neurons = intersect(part, net.layers[layer].neurons());
    if (!neurons.empty())
      groups.push_back(parameters_of(net, layer, neurons, state));
  }
  return groups;
}

bool equal(const parameter_set& x, const parameter_set& y) {
  if (x.layer != y.layer || x.neurons != y.neurons
      || x.parameters.size() != y.parameters.size())
    return false;
  for (size_t i = 0; i < x.parameters.size(); ++i) {
    auto& a = x.parameters[i];
    auto& b = y.parameters[i];
    if (a.name != b.name || a.values.extent() != b.values.extent()
        || std::memcmp(a.values.bytes().data(), b.values.bytes().data(),
                       a.values.bytes().size())
               != 0)
      return false;
  }
  return true;
}

result<manifest> write_parts(model_store& store, uint64_t epoch,
                             const network& net, const partition& parts) {
  auto generation = store.next_generation();
  if (!generation)
    return generation.error();
  manifest out;
  out.epoch = epoch;
  out.step = *generation * 100;
  out.net = net;
  out.parts = parts;
  for (size_t i = 0; i < parts.parts.size(); ++i) {
    auto slices = store.write_slices(*generation, epoch, fmt::format("n{}", i),
                                     groups_of(net, parts.parts[i]));
    if (!slices)
      return slices.error();
    out.slices.insert(out.slices.end(), slices->begin(), slices->end());
  }
  return out;
}

result<manifest> commit_model(model_store& store, uint64_t epoch,
                              const network& net, const partition& parts,
                              std::optional<double> loss) {
  auto next = write_parts(store, epoch, net, parts);
  if (!next)
    return next.error();
  next->validation_loss = loss;
  return store.commit(std::move(*next));
}

bool reads_whole(model_store& store, const manifest& what) {
  for (layer_id layer = 0; layer < what.net.layers.size(); ++layer) {
    auto neurons = what.net.layers[layer].neurons();
    if (neurons.empty())
      continue;
    auto rows = store.read(what, layer, neurons);
    if (!rows || !equal(*rows, parameters_of(what.net, layer, neurons)))
      return false;
  }
  return true;
}

std::vector<std::byte> read_file(filesystem& fs, const std::string& path) {
  auto size = fs.size(path);
  REQUIRE(size);
  std::vector<std::byte> bytes(*size);
  REQUIRE(!fs.read(path, 0, bytes));
  return bytes;
}

void replace_file(filesystem& fs, const std::string& path,
                  const std::vector<std::byte>& bytes) {
  if (fs.exists(path))
    REQUIRE(!fs.remove(path));
  auto file = fs.create(path);
  REQUIRE(file);
  REQUIRE(!(*file)->append(bytes));
  REQUIRE(!(*file)->finish());
}

void flip(filesystem& fs, const std::string& path, uint64_t byte) {
  auto bytes = read_file(fs, path);
  bytes[byte] ^= std::byte{1};
  replace_file(fs, path, bytes);
}

scratch_folder::scratch_folder()
    : path_((fs::temp_directory_path() / fs::unique_path("nnactor-%%%%%%%%"))
                .string()) {
  fs::create_directories(path_);
}

scratch_folder::~scratch_folder() {
  boost::system::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string scratch_folder::operator/(const std::string& name) const {
  return in_folder(path_, name);
}

std::vector<place> both_filesystems(const scratch_folder& scratch) {
  return {{"memory", make_memory_filesystem(), "models/m"},
          {"posix", make_posix_filesystem(), scratch / "models/m"}};
}

} // namespace nnactor::test
