# What a distributor sends to every node before a job.
#
# A node builds everything it needs from this message and the store: the group
# graph from network and partition, its connection table from graph and
# placement, its parameters from `seed` or from a generation of the model. The
# message is sent as one piece of bytes, so that numbers arrive bit by bit.

@0xfa02c8d50f273ba4;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("nnactor::schema");

using import "network.capnp".Network;
using import "network.capnp".Partition;
using import "network.capnp".TrainSettings;
using import "server.capnp".Server;

# Where a group is.
struct Seat {
  node   @0 :UInt32;  # Index into `servers`.
  device @1 :UInt32;  # Of that node.
}

struct Deployment {
  epoch      @0 :UInt64;
  self       @1 :UInt32;          # Index of the receiving node.
  servers    @2 :List(Server);
  network    @3 :Network;
  partition  @4 :Partition;
  seats      @5 :List(Seat);      # By group id.
  train      @6 :TrainSettings;

  # Folder of the model under the node's own store folder: one name, no path.
  model      @7 :Text;

  # An epoch of that model and the token in its file; a node that reads
  # another token is looking at another store. Epoch 0: no model is needed.
  storeEpoch @8 :UInt64;
  token      @9 :Text;

  # Generation to load, 0: fresh parameters. `step` is what it was saved at.
  generation @10 :UInt64;
  step       @11 :UInt64;

  # Groups that the receiver had in the deployment of this epoch go on from its
  # memory: they stand at `step` already. All others are read from `generation`.
  # 0: all are read.
  carriedEpoch @12 :UInt64;
}
