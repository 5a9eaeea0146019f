#include "nnactor/partition/connectivity.hpp"

#include "nnactor/network/sparse.hpp"

#include <metis.h>

#include <algorithm>
#include <limits>

namespace nnactor {

namespace {

/// Connections that are looked at, 16 bytes each.
constexpr uint64_t most_edges = uint64_t{1} << 27;

constexpr auto most_indices =
    static_cast<uint64_t>(std::numeric_limits<idx_t>::max());

/// Whether each neuron of a layer is connected with each of one of its inputs.
bool is_dense(const layer& reader, const layer& from) {
  return reader.kind == layer_kind::dense || reads_norm(reader.kind)
         || (reader.kind == layer_kind::stream && gives_sums(from.kind));
}

/// Whether such edges are looked at.
bool has_say(const layer& reader, const layer& from) {
  return from.units == 0 || reader.units <= most_dense_edges / from.units;
}

/// Whether a network is small enough for METIS and for memory.
bool fits(const network& net) {
  uint64_t edges = 0;
  for (const auto& x : net.layers) {
    if (x.kind == layer_kind::sparse)
      edges += x.units * x.row_width;
    for (auto input : x.inputs) {
      const auto& from = net.layers[input];
      if (is_parallel(x.kind, from.kind))
        edges += x.units;
      else if (is_dense(x, from) && has_say(x, from))
        edges += x.units * from.units;
    }
    if (edges > most_edges)
      return false;
  }
  return net.neuron_count() <= most_indices;
}

/// Calls `use(reader, source)` for every connection between neurons of a
/// layer and its inputs.
template <class Use>
void each_sparse_connection(const network& net, layer_id id, Use use) {
  sparse_connections connections{net, id};
  const auto& x = net.layers[id];
  for (auto reader = x.first; reader < x.first + x.units; ++reader)
    for (auto column : connections.of(reader))
      if (auto from = source_of(net, id, column); from.neuron)
        use(reader, *from.neuron);
}

/// An undirected graph in the form that METIS reads.
class neuron_graph {
public:
  explicit neuron_graph(const network& net) : net_(net) {
    for (layer_id id = 1; id + 1 < net.layers.size(); ++id)
      add(id);
  }

  result<partition> split(uint64_t parts, uint64_t seed) {
    make_lists();
    auto weights = weights_of_neurons();
    auto vertices = static_cast<idx_t>(net_.neuron_count());
    auto count = static_cast<idx_t>(parts);
    idx_t constraints = 1;
    idx_t cut = 0;
    idx_t options[METIS_NOPTIONS];
    METIS_SetDefaultOptions(options);
    options[METIS_OPTION_SEED] = static_cast<idx_t>(seed % most_indices);
    std::vector<idx_t> part_of(net_.neuron_count());
    auto status = METIS_PartGraphKway(&vertices, &constraints, begins_.data(),
                                      neighbours_.data(), weights.data(),
                                      nullptr, counts_.data(), &count, nullptr,
                                      nullptr, options, &cut, part_of.data());
    if (status != METIS_OK)
      return fail(ec::invalid_partition,
                  "METIS fails with {} to split {} neurons into {} parts",
                  status, vertices, parts);
    return parts_of(part_of, parts);
  }

private:
  struct edge {
    idx_t from;
    idx_t to;
    auto operator<=>(const edge&) const = default;
  };

  void add(layer_id id) {
    const auto& x = net_.layers[id];
    if (x.kind == layer_kind::sparse)
      return each_sparse_connection(
          net_, id, [&](neuron_id a, neuron_id b) { connect(a, b); });
    for (auto input : x.inputs) {
      const auto& from = net_.layers[input];
      if (is_parallel(x.kind, from.kind))
        for (uint64_t i = 0; i < x.units; ++i)
          connect(x.first + i, from.first + i);
      if (!is_dense(x, from) || !has_say(x, from))
        continue;
      for (auto a = x.first; a < x.first + x.units; ++a)
        for (auto b = from.first; b < from.first + from.units; ++b)
          connect(a, b);
    }
  }

  // Both ways, for both ends list the other.
  void connect(neuron_id a, neuron_id b) {
    if (a == b)
      return;
    edges_.push_back({static_cast<idx_t>(a), static_cast<idx_t>(b)});
    edges_.push_back({static_cast<idx_t>(b), static_cast<idx_t>(a)});
  }

  /// Turns edges into lists, equal ones into one that weighs as much.
  void make_lists() {
    std::ranges::sort(edges_);
    begins_.assign(1, 0);
    for (size_t i = 0; i < edges_.size(); ++i) {
      if (i > 0 && edges_[i] == edges_[i - 1]) {
        ++counts_.back();
        continue;
      }
      close_lists(edges_[i].from);
      neighbours_.push_back(edges_[i].to);
      counts_.push_back(1);
    }
    close_lists(static_cast<idx_t>(net_.neuron_count()));
    edges_ = {};
  }

  /// Begins the list of a neuron, and of all before it that have none.
  void close_lists(idx_t before) {
    while (static_cast<idx_t>(begins_.size()) <= before)
      begins_.push_back(static_cast<idx_t>(neighbours_.size()));
  }

  /// Parameters, in a unit in which their sum fits METIS.
  std::vector<idx_t> weights_of_neurons() const {
    auto unit = net_.parameter_count() / (most_indices / 2) + 1;
    std::vector<idx_t> out;
    for (const auto& x : net_.layers)
      out.insert(out.end(), x.units,
                 static_cast<idx_t>(x.parameters_per_neuron() / unit + 1));
    return out;
  }

  static partition parts_of(const std::vector<idx_t>& part_of, uint64_t parts) {
    std::vector<std::vector<neuron_interval>> intervals(parts);
    for (neuron_id id = 0; id < part_of.size(); ++id) {
      auto& of = intervals[static_cast<size_t>(part_of[id])];
      if (!of.empty() && of.back().end == id)
        ++of.back().end;
      else
        of.push_back({id, id + 1});
    }
    partition out;
    for (auto& x : intervals)
      out.parts.push_back(neuron_set{std::move(x)});
    return out;
  }

  const network& net_;
  std::vector<edge> edges_;
  std::vector<idx_t> begins_; ///< Of each neuron's list in `neighbours_`.
  std::vector<idx_t> neighbours_;
  std::vector<idx_t> counts_; ///< Connections with each neighbour.
};

/// The neurons that are as far from `to` as some are from `first`.
neuron_set moved(const neuron_set& xs, neuron_id first, neuron_id to) {
  std::vector<neuron_interval> out;
  for (const auto& x : xs.intervals())
    out.push_back({x.begin - first + to, x.end - first + to});
  return neuron_set{std::move(out)};
}

/// Adds the connections between a layer that is not sparse and one of its
/// inputs; they need not be looked at one by one.
void add_input(const partition& parts, const layer& reader, const layer& from,
               connection_cut& out) {
  auto all =
      connections_between(from, from.neurons(), reader, reader.neurons());
  out.all += all;
  for (const auto& part : parts.parts)
    all -= connections_between(from, intersect(part, from.neurons()), reader,
                               intersect(part, reader.neurons()));
  out.crossing += all;
}

} // namespace

uint64_t connections_between(const layer& from, const neuron_set& producers,
                             const layer& reader, const neuron_set& readers) {
  if (!is_parallel(reader.kind, from.kind))
    return readers.size() * producers.size() * from.positions;
  return intersect(readers, moved(producers, from.first, reader.first)).size();
}

connection_cut cut_of(const network& net, const partition& parts) {
  connection_cut out;
  std::vector<uint32_t> part_of;
  auto number_parts = [&] {
    part_of.resize(net.neuron_count());
    for (uint32_t part = 0; part < parts.parts.size(); ++part)
      for (const auto& ids : parts.parts[part].intervals())
        std::fill(part_of.begin() + static_cast<ptrdiff_t>(ids.begin),
                  part_of.begin() + static_cast<ptrdiff_t>(ids.end), part);
  };
  for (layer_id id = 1; id + 1 < net.layers.size(); ++id) {
    const auto& x = net.layers[id];
    if (x.kind != layer_kind::sparse) {
      for (auto input : x.inputs)
        add_input(parts, x, net.layers[input], out);
      continue;
    }
    if (part_of.empty())
      number_parts();
    each_sparse_connection(net, id, [&](neuron_id a, neuron_id b) {
      ++out.all;
      out.crossing += part_of[a] != part_of[b] ? 1 : 0;
    });
  }
  return out;
}

result<partition> split_by_connectivity(const network& net, uint64_t parts,
                                        uint64_t seed) {
  if (!fits(net))
    return fail(ec::invalid_partition,
                "{} neurons have too many connections to be split by "
                "connectivity; use another mechanism",
                net.neuron_count());
  if (parts == 1)
    return partition{{neuron_set::range(0, net.neuron_count())}};
  return neuron_graph{net}.split(parts, seed);
}

} // namespace nnactor
