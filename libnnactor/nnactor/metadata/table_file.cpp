#include "nnactor/metadata/table_file.hpp"

#include "nnactor/codec/framed.hpp"
#include "nnactor/codec/message.hpp"
#include "nnactor/codec/network_codec.hpp"

#include "table.capnp.h"

#include <algorithm>

namespace nnactor {

namespace {

constexpr std::string_view magic = "NNACTORT";
constexpr uint32_t version = 3;

using connection = connection_table::connection;

void write_connection(schema::Connection::Builder out, const connection& x) {
  out.setProducer(x.producer);
  out.setConsumer(x.consumer);
  write(out.initProducerNeurons(), x.producer_neurons);
  write(out.initConsumerNeurons(), x.consumer_neurons);
  out.setRemote(x.remote);
  out.setOutgoing(x.outgoing);
  out.setProducerLayer(x.producer_layer);
  out.setConsumerLayer(x.consumer_layer);
}

result<connection> read_connection(schema::Connection::Reader in) {
  auto producers = read(in.getProducerNeurons());
  if (!producers)
    return producers.error();
  auto consumers = read(in.getConsumerNeurons());
  if (!consumers)
    return consumers.error();
  return connection{in.getProducer(),      in.getConsumer(),
                    in.getProducerLayer(), in.getConsumerLayer(),
                    std::move(*producers), std::move(*consumers),
                    in.getRemote(),        in.getOutgoing()};
}

/// Whether one end has neurons of its layer, or none where that has none.
bool in_layer(const network& net, layer_id id, const neuron_set& xs) {
  if (id >= net.layers.size())
    return false;
  const auto& of = net.layers[id];
  if (xs.empty() || of.units == 0)
    return xs.empty() && of.units == 0;
  auto [begin, end] = xs.bounds();
  return begin >= of.first && end <= of.first + of.units;
}

/// Whether only the input's layer has the input's group.
bool is_input_where_it_says(group_id id, layer_id layer) {
  return (id == group_graph::input_group) == (layer == 0);
}

/// Whether labels go there: to the loss, and to a vocabulary before it.
bool reads_labels(const network& net, layer_id id) {
  const auto& x = net.layers[id];
  auto tells_loss = id == net.loss().inputs.front();
  return is_loss(x.kind) || (tells_loss && x.kind == layer_kind::vocabulary);
}

/// Whether the network has such an edge: from one layer to another that reads
/// it, from the target, or with answers from the loss to the input.
/// @pre both ends are in their layers
bool connected(const network& net, const connection& x) {
  if (!is_input_where_it_says(x.producer, x.producer_layer)
      || !is_input_where_it_says(x.consumer, x.consumer_layer)
      || x.consumer == group_graph::target_group)
    return false;
  auto from_loss = is_loss(net.layers[x.producer_layer].kind);
  if (x.producer == group_graph::target_group)
    return from_loss && reads_labels(net, x.consumer_layer);
  if (from_loss)
    return x.consumer == group_graph::input_group;
  return column_offset(net, x.consumer_layer, x.producer_layer).has_value();
}

caf::error check(const table_file& what) {
  if (what.self >= what.servers.size())
    return fail(ec::invalid_data, "node {} is not among the {} servers",
                what.self, what.servers.size());
  auto edge = [](const connection& x) {
    return std::pair{x.producer, x.consumer};
  };
  const connection* before = nullptr;
  for (const auto& x : what.connections) {
    auto place =
        fmt::format("connection from group {} to {}", x.producer, x.consumer);
    if (before != nullptr && edge(*before) >= edge(x))
      return fail(ec::invalid_data, "{}: out of order", place);
    if (x.remote >= what.servers.size() || x.remote == what.self)
      return fail(ec::invalid_data, "{}: node {} is not another server", place,
                  x.remote);
    if (!in_layer(what.net, x.producer_layer, x.producer_neurons)
        || !in_layer(what.net, x.consumer_layer, x.consumer_neurons))
      return fail(ec::invalid_data,
                  "{}: the neurons of one end are not of its layer", place);
    if (!connected(what.net, x))
      return fail(ec::invalid_data,
                  "{}: the network does not connect these layers", place);
    before = &x;
  }
  return {};
}

caf::error parse(schema::Table::Reader in, table_file& out) {
  auto net = read(in.getNetwork());
  if (!net)
    return net.error();
  out.net = std::move(*net);
  out.self = in.getSelf();
  out.model = in.getModel().cStr();
  out.store = in.getStore().cStr();
  for (auto x : in.getServers())
    out.servers.push_back(
        {x.getAddress().cStr(), x.getCredential().cStr(), x.getNumber()});
  for (auto from : in.getConnections()) {
    auto x = read_connection(from);
    if (!x)
      return x.error();
    out.connections.push_back(std::move(*x));
  }
  return check(out);
}

} // namespace

table_file make_table_file(const connection_table& table, const network& net,
                           std::vector<server> servers, std::string model,
                           std::string store) {
  return {table.self(), std::move(servers), std::move(model), std::move(store),
          net,          table.connections()};
}

std::vector<std::byte> encode(const table_file& what) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Table>();
  out.setSelf(what.self);
  out.setModel(what.model);
  out.setStore(what.store);
  write(out.initNetwork(), what.net);
  auto servers = out.initServers(static_cast<unsigned>(what.servers.size()));
  for (unsigned i = 0; i < servers.size(); ++i) {
    servers[i].setAddress(what.servers[i].address);
    servers[i].setCredential(what.servers[i].credential);
    servers[i].setNumber(what.servers[i].number);
  }
  auto connections =
      out.initConnections(static_cast<unsigned>(what.connections.size()));
  for (unsigned i = 0; i < connections.size(); ++i)
    write_connection(connections[i], what.connections[i]);
  return frame(magic, version, to_bytes(message));
}

result<table_file> decode_table_file(std::span<const std::byte> file) {
  auto payload = unframe(magic, version, file, ec::invalid_data);
  if (!payload)
    return payload.error();
  table_file what;
  auto use = [&](capnp::MessageReader& message) {
    return parse(message.getRoot<schema::Table>(), what);
  };
  // Whatever is wrong with a part of it, the file as a whole is no good.
  if (auto err = with_message(*payload, ec::invalid_data, use))
    return make_error(ec::invalid_data, explain(err));
  return what;
}

} // namespace nnactor
