# The connection table of a node, as a file in its state folder.
#
# A node holds metadata of the connections between its own neurons and remote
# ones, and of no others: which server the other end is on, how to prove who
# that server is, and which neurons stand at both ends. The file is written
# whenever the node is deployed, so that a person can ask a machine what it is
# connected to; the running node routes by the same table in memory.
#
# Neurons are grouped: a connection here is an edge between two groups, that is
# every pair of a producer neuron and a consumer neuron that the network
# connects; of streams, each coordinate with the same one of the other. The weight of a single connection is not in this file. It is the
# consumer's parameter, lies in the model's store once, and is read from there:
# in the weight row of the consumer, at the column that the network's layout
# gives the producer (`nnactor::column_of`).
#
# The file is framed: magic "NNACTORT", u32 version 3, u32 zero, u64 length,
# this message in one flat piece, SHA-256 of all bytes before.

@0xd51c0f6a8be24973;

using Cxx = import "/capnp/c++.capnp";
using Net = import "network.capnp";
using import "server.capnp".Server;
$Cxx.namespace("nnactor::schema");

# An edge that crosses to another node, in the direction of activations. Groups
# 0 and 1 are the input and the target. Neurons are empty where a layer has none
# of its own: input, loss, and a table that is tied to the vocabulary.
struct Connection {
  producer        @0 :UInt32;
  consumer        @1 :UInt32;
  producerNeurons @2 :Net.NeuronSet;
  consumerNeurons @3 :Net.NeuronSet;
  remote          @4 :UInt32;        # Index into `servers`, never `self`.
  outgoing        @5 :Bool;          # The producer is on this node.
  producerLayer   @6 :UInt32;        # Index into the network's layers; of the
  consumerLayer   @7 :UInt32;        # target, that of the loss.
}

# A reader rejects indices out of range, connections that are not sorted by
# (producer, consumer), ends that have not just neurons of their layer, and ends
# that the network does not connect.
struct Table {
  self        @0 :UInt32;           # Index into `servers`.
  servers     @1 :List(Server);     # By node, the driver last.
  model       @2 :Text;             # Name of the model, for people.
  store       @3 :Text;             # Its folder; holds all generations.
  network     @4 :Net.Network;
  connections @5 :List(Connection);
}
