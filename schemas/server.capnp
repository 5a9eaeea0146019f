# How a process of the cluster is reached. The driver's comes last in a list and
# has the address "driver" and number 0; nobody dials it.

@0x800df697e2378b69;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("nnactor::schema");

struct Server {
  address    @0 :Text;   # HOST:PORT
  credential @1 :Text;   # Path of its certificate, empty on loopback.
  number     @2 :UInt32; # For people, from 1, the same for the life of a run.
}
