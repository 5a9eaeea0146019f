#include "nnactor/cluster/deployment.hpp"

#include "nnactor/codec/message.hpp"
#include "nnactor/codec/network_codec.hpp"

#include "deployment.capnp.h"

namespace nnactor {

namespace {

caf::error refuse(const char* why) {
  return fail(ec::protocol_violation, "the deployment {}", why);
}

caf::error read_seats(schema::Deployment::Reader in, deployment& out) {
  out.graph = make_group_graph(out.net, out.parts);
  if (in.getSeats().size() != out.graph.groups.size())
    return refuse("does not seat every group");
  if (out.servers.size() < 2)
    return refuse("names no node");
  out.where.nodes = static_cast<uint32_t>(out.servers.size() - 1);
  if (out.self > out.where.nodes)
    return refuse("is for a node that it does not list");
  for (auto seat : in.getSeats()) {
    if (seat.getNode() > out.where.nodes)
      return refuse("seats a group on a node that it does not list");
    out.where.seats.push_back({seat.getNode(), seat.getDevice()});
  }
  for (auto& x : out.graph.groups)
    if (x.twin && out.where.seats[x.id] != out.where.seats[*x.twin])
      return refuse("seats groups that share parameters apart");
  return caf::none;
}

caf::error read_all(schema::Deployment::Reader in, deployment& out) {
  out.epoch = in.getEpoch();
  out.self = in.getSelf();
  for (auto server : in.getServers())
    out.servers.push_back(
        {server.getAddress(), server.getCredential(), server.getNumber()});
  auto net = read(in.getNetwork());
  if (!net)
    return net.error();
  out.net = std::move(*net);
  auto parts = read(in.getPartition(), out.net);
  if (!parts)
    return parts.error();
  out.parts = std::move(*parts);
  auto train = read(in.getTrain());
  if (!train)
    return train.error();
  out.train = *train;
  out.model = in.getModel();
  if (out.model.empty() || out.model == "." || out.model == ".."
      || out.model.find('/') != std::string::npos)
    return refuse("names a model that is no plain folder name");
  out.store_epoch = in.getStoreEpoch();
  out.token = in.getToken();
  out.generation = in.getGeneration();
  out.step = in.getStep();
  out.carried_epoch = in.getCarriedEpoch();
  return read_seats(in, out);
}

} // namespace

std::vector<std::byte> encode(const deployment& what) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Deployment>();
  out.setEpoch(what.epoch);
  out.setSelf(what.self);
  auto servers = out.initServers(static_cast<uint32_t>(what.servers.size()));
  for (uint32_t i = 0; i < servers.size(); ++i) {
    servers[i].setAddress(what.servers[i].address);
    servers[i].setCredential(what.servers[i].credential);
    servers[i].setNumber(what.servers[i].number);
  }
  write(out.initNetwork(), what.net);
  write(out.initPartition(), what.parts);
  auto seats = out.initSeats(static_cast<uint32_t>(what.where.seats.size()));
  for (uint32_t i = 0; i < seats.size(); ++i) {
    seats[i].setNode(what.where.seats[i].node);
    seats[i].setDevice(what.where.seats[i].device);
  }
  write(out.initTrain(), what.train);
  out.setModel(what.model);
  out.setStoreEpoch(what.store_epoch);
  out.setToken(what.token);
  out.setGeneration(what.generation);
  out.setStep(what.step);
  out.setCarriedEpoch(what.carried_epoch);
  return to_bytes(message);
}

result<deployment> decode_deployment(std::span<const std::byte> bytes) {
  deployment out;
  auto err = with_message(
      bytes, ec::protocol_violation, [&out](capnp::MessageReader& message) {
        return read_all(message.getRoot<schema::Deployment>(), out);
      });
  if (err)
    return err;
  return out;
}

} // namespace nnactor
